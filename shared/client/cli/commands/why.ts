import { Why } from '../../answers.ts';
import { type Command, openSession, parse, queryIdOf, show } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';

const help = `quorate why ID [options]

Why a query is where it is: what it waits for, and what each node of this deployment did about it.

  --json            one JSON document on stdout
${CONFIG_HELP}`;

export const why: Command = {
  name: 'why',
  summary: 'why a query is where it is',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('why', args, {});
    const id = queryIdOf('why', positionals);
    const { api } = await openSession(io, values);
    const answer = await api.json(`/v1/queries/${id}/why`, Why);
    return show(io, values.json, answer, () => [
      `query ${id}: ${answer.status}`,
      ...answer.sentences.map((text) => `  ${text}`),
      ...answer.runs.flatMap((run) => [
        `node ${run.node}, attempt ${run.attempt + 1}: ${run.state}`,
        ...run.sentences.map((text) => `  ${text}`),
      ]),
      ...answer.anomalies.map((text) => `anomaly: ${text}`),
    ]);
  },
};
