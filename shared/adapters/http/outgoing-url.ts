import { isIP } from 'node:net';
import { BadInputError } from '../../errors.ts';

export interface OutgoingOptions {
  /** For local devnets only: plain http to this machine, on any port. */
  readonly allowLoopbackHttp?: boolean;
}

const PORTS: readonly string[] = ['', '8443'];
const LOOPBACK_HOSTS: readonly string[] = ['127.0.0.1', '[::1]', 'localhost'];

const refuse = (problem: string): BadInputError =>
  new BadInputError('refused-url', `the address ${problem}`, {
    next: 'Give an https address with a public host name, on port 443 or 8443.',
  });

/** Whether the address means this machine, in one of the spellings that a devnet uses. */
export const isLoopbackUrl = (url: URL): boolean => LOOPBACK_HOSTS.includes(url.hostname);

/**
 * What can be refused by looking at an address alone; where its name leads is checked at the connection.
 * @throws {BadInputError} `refused-url`
 */
export const checkUrl = (text: string, { allowLoopbackHttp = false }: OutgoingOptions = {}): URL => {
  const url = URL.parse(text);
  if (!url) throw refuse('is not a URL');
  if (url.username !== '' || url.password !== '') throw refuse('carries a user name or a password');
  if (allowLoopbackHttp && url.protocol === 'http:' && isLoopbackUrl(url)) return url;
  if (url.protocol !== 'https:') throw refuse(`has the scheme '${url.protocol.slice(0, -1)}', only https is allowed`);
  if (!PORTS.includes(url.port)) throw refuse(`names port ${url.port}, only 443 and 8443 are allowed`);
  // WHATWG URLs write every spelling of an IPv4 address (octal, hex, one number) as four decimals.
  if (isIP(url.hostname) || url.hostname.startsWith('[')) throw refuse('names an IP address instead of a host');
  return url;
};
