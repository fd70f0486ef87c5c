import { resolve } from 'node:path';
import type { AskOptions } from '../../ask.ts';
import { type Command, expectArguments, openSession, parse, show, usage } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';
import { showProgress } from '../progress.ts';
import { refundedError } from '../refunded.ts';

const help = `quorate ask FILE [options]

Sends the file to the API, then asks on chain and pays from your own wallet (.quorate/wallet.json,
made on first use and encrypted under QUORATE_PASSWORD). On a devnet the faucet fills it and, without
QUORATE_PASSWORD, a password that guards nothing is taken: 'quorate devnet wallet: guards nothing'.

  --model ID        model (default: the deployment's)
  --seats N         size of the committee (default 3)
  --fee UNES        fee (default: the least that the seats cost)
  --wait            wait for the answer and print it; progress goes to stderr
  --timeout SECONDS how long to wait (default 600); exit code 3 when it is not final by then
  --json            one JSON document on stdout
${CONFIG_HELP}`;

const OPTIONS = {
  model: { type: 'string' },
  seats: { type: 'string' },
  fee: { type: 'string' },
  wait: { type: 'boolean', default: false },
  timeout: { type: 'string', default: '600' },
} as const;

const wholeNumber = (name: string, text: string): number => {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage(`--${name} takes a whole number from 1, received '${text}'`, "See 'quorate ask --help'.");
};

export const ask: Command = {
  name: 'ask',
  summary: 'ask about a file, paying from your wallet',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('ask', args, OPTIONS);
    const [file = ''] = expectArguments('ask', positionals, ['FILE']);
    const options: AskOptions = {
      ...(values.model !== undefined && { model: values.model }),
      ...(values.seats !== undefined && { seats: wholeNumber('seats', values.seats) }),
      ...(values.fee !== undefined && { feeUnes: values.fee }),
    };
    const timeoutMs = wholeNumber('timeout', values.timeout) * 1_000;
    const input = await io.read(resolve(io.cwd, file));
    const session = await openSession(io, values);
    const client = await session.payingClient();
    const asked = await client.ask(input, options);
    const paid = `query ${asked.queryId} asked for ${asked.feeUnes} ${session.config.denom} in transaction ${asked.txHash}`;
    if (!values.wait) {
      return show(io, values.json, asked, () => [paid, `next: quorate status ${asked.queryId}`]);
    }
    io.err(paid);
    const wait = { onProgress: showProgress(io), timeoutMs, ...(io.signal && { signal: io.signal }) };
    const status = await client.wait(asked.queryId, wait);
    if (status.status === 'refunded') throw refundedError(status);
    const { text, mediaType, digest } = await client.result(asked.queryId);
    return show(io, values.json, { ...asked, status: status.status, result: { text, mediaType, digest } }, () => [
      text,
    ]);
  },
};
