import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { BadInputError } from '../../errors.ts';
import { isLoopbackAddress, isPublicAddress } from './addresses.ts';

/** Resolves a name to all its addresses; `node:dns`'s own unless a test gives another. */
export type Resolve = (
  host: string,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

const systemResolve: Resolve = (host, done) => systemLookup(host, { all: true }, done);

const refuseAddress = (host: string): NodeJS.ErrnoException =>
  new BadInputError('refused-address', `the host ${host} is not on the public internet`, {
    next: 'Give a host name that leads to public addresses only.',
  });

/**
 * A lookup whose answer is what the socket connects to: a name cannot lead elsewhere between a check and the connection
 * (DNS rebinding). A name with one refused address is refused whole.
 */
const guardedLookup =
  (allowed: (address: string) => boolean, resolve: Resolve): LookupFunction =>
  (host, options, done) =>
    resolve(host, (error, addresses) => {
      const first = addresses?.[0];
      if (error || !first) return done(error ?? refuseAddress(host), '', 0);
      if (!addresses.every(({ address }) => allowed(address))) return done(refuseAddress(host), '', 0);
      return options.all ? done(null, [...addresses]) : done(null, first.address, first.family);
    });

export interface Guards {
  readonly toPublic: Agent;
  readonly toLoopback: Agent;
}

/** One agent for the internet, and one that reaches only this machine, for devnets. */
export const createGuards = (connectTimeoutMs: number, resolve: Resolve = systemResolve): Guards => {
  const agent = (allowed: (address: string) => boolean): Agent =>
    new Agent({ connect: { lookup: guardedLookup(allowed, resolve), timeout: connectTimeoutMs } });
  return { toPublic: agent(isPublicAddress), toLoopback: agent(isLoopbackAddress) };
};
