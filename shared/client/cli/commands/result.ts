import { resolve } from 'node:path';
import { type Command, openSession, parse, queryIdOf, show } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';

const help = `quorate result ID [options]

The answer that the committee agreed on, digested again here and compared with the contract's own digest.
Exit code 3 while it is not verified yet.

  --out FILE        write the answer's bytes to a file instead of printing them
  --receipt FILE    also fetch the receipt file, for 'quorate verify'
  --json            one JSON document on stdout
${CONFIG_HELP}`;

export const result: Command = {
  name: 'result',
  summary: 'the verified answer of a query, and its receipt',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('result', args, { out: { type: 'string' }, receipt: { type: 'string' } });
    const queryId = queryIdOf('result', positionals);
    const client = (await openSession(io, values)).client();
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
