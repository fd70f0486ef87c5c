import { type Command, openSession, parse, queryIdOf, show } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';
import { showProgress } from '../progress.ts';

const help = `quorate status ID [options]

How a query stands.

  --wait            wait until it is final; progress goes to stderr
  --json            one JSON document on stdout
${CONFIG_HELP}`;

export const status: Command = {
  name: 'status',
  summary: 'how a query stands',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('status', args, { wait: { type: 'boolean', default: false } });
    const id = queryIdOf('status', positionals);
    const client = (await openSession(io, values)).client();
    const wait = { onProgress: showProgress(io), ...(io.signal && { signal: io.signal }) };
    const q = values.wait ? await client.wait(id, wait) : await client.status(id);
    return show(io, values.json, q, () => [
      `query ${q.queryId}: ${q.status}, attempt ${q.attempt + 1} of at most 3`,
      `  model   ${q.model}`,
      `  asker   ${q.asker}`,
      `  fee     ${q.feeUnes} for ${q.seats} seats`,
      ...(q.votes === undefined ? [] : [`  votes   ${q.votes} of ${q.committed ?? '?'} committed seats`]),
      ...(q.digest === undefined ? [] : [`  digest  ${q.digest}`]),
      ...(q.reason === undefined ? [] : [`  reason  ${q.reason}`]),
      `next: ${q.status === 'verified' ? `quorate result ${id}` : `quorate why ${id}`}`,
    ]);
  },
};
