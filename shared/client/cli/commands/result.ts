import { resolve } from 'node:path';
import type { Client } from '../../client.ts';
import { type Command, openSession, parse, queryIdOf, show, usage } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';
import type { Io } from '../io.ts';
import { moneyLines } from '../money-lines.ts';

const help = `quorate result ID [options]

The answer that the committee agreed on, digested again here and compared with the contract's own digest.
Exit code 3 while it is not verified yet.
With --money, where its money went instead, whatever state it is in: every movement as a signed entry. They add up to zero,
which is checked here, as are fee, payments and slashes against the contract's own state.

  --out FILE        write the answer's bytes to a file instead of printing them
  --receipt FILE    also fetch the receipt file, for 'quorate verify'
  --money           fee, payments, slashes, refunds and gas
  --json            one JSON document on stdout
${CONFIG_HELP}`;

const showMoney = async (io: Io, json: boolean, client: Client, queryId: number, flags: object): Promise<number> => {
  const extra = Object.entries(flags).find(([name, value]) => ['out', 'receipt'].includes(name) && value !== undefined);
  if (extra) throw usage(`--money and --${extra[0]} do not go together`, "See 'quorate result --help'.");
  const money = await client.money(queryId);
  return show(io, json, money, () => moneyLines(money));
};

export const result: Command = {
  name: 'result',
  summary: 'the verified answer of a query, and its receipt',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('result', args, {
      out: { type: 'string' },
      receipt: { type: 'string' },
      money: { type: 'boolean', default: false },
    });
    const queryId = queryIdOf('result', positionals);
    const client = (await openSession(io, values)).client();
    if (values.money) return await showMoney(io, values.json, client, queryId, values);
    const { bytes, text, mediaType, digest } = await client.result(queryId);
    if (values.out !== undefined) await io.write(resolve(io.cwd, values.out), bytes);
    if (values.receipt !== undefined) await io.write(resolve(io.cwd, values.receipt), await client.receipt(queryId));
    const files = { out: values.out ?? null, receipt: values.receipt ?? null };
    return show(io, values.json, { queryId, digest, mediaType, text, ...files }, () => [
      values.out === undefined ? text : `${bytes.length} bytes written to ${values.out}`,
      ...(values.receipt === undefined
        ? []
        : [`receipt written to ${values.receipt}: quorate verify ${values.receipt}`]),
    ]);
  },
};
