import { Model, Models } from '../../answers.ts';
import type { ApiHttp } from '../../http.ts';
import { cheatingLines, cheatingSummary } from '../cheating-lines.ts';
import { type Command, expectArguments, openSession, parse, show, usage } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';
import { PLAN_HELP, planModel } from '../model/plan-model.ts';
import { SPLIT_HELP, splitModel } from '../model/split-model.ts';

const help = `quorate model list | show ID | plan FILE | split FILE

Models of the contract: price, whether the deployment has them installed, and what cheating their askers would bring,
from stakes, committee size and slashes (docs/economics.md).

  --json            one JSON document on stdout
${CONFIG_HELP}

${PLAN_HELP}

${SPLIT_HELP}`;

const allModels = async (api: ApiHttp): Promise<Model[]> => {
  const found: Model[] = [];
  let after = '';
  do {
    const page = await api.json(`/v1/models?limit=100${after === '' ? '' : `&after=${after}`}`, Models);
    found.push(...page.models);
    after = page.next ?? '';
  } while (after !== '');
  return found;
};

const notes = (m: Model): string =>
  [m.isDefault && 'default', m.installed ? 'installed' : 'not installed here', m.withdrawn && 'withdrawn']
    .filter((note) => note !== false)
    .join(', ');

const summary = ({ cheating }: Model): string => (cheating ? cheatingSummary(cheating) : '');

export const model: Command = {
  name: 'model',
  summary: 'models of the contract; plans and splits ONNX files',
  help,
  run: async (args, io) => {
    if (args[0] === 'plan') return planModel(args.slice(1), io);
    if (args[0] === 'split') return splitModel(args.slice(1), io);
    const { values, positionals } = parse('model', args, {});
    const [action = 'list', ...rest] = positionals;
    if (action !== 'list' && action !== 'show') {
      throw usage(
        `'quorate model' takes 'list', 'show', 'plan' or 'split', received '${action}'`,
        "See 'quorate model --help'.",
      );
    }
    if (action === 'list') {
      expectArguments('model list', rest, []);
      const models = await allModels((await openSession(io, values)).api);
      return show(io, values.json, { models }, () =>
        models.map((m) =>
          [`${m.id}  ${m.name ?? 'unnamed'}  ${m.priceUnes} a seat  (${notes(m)})`, summary(m)].join('  ').trimEnd(),
        ),
      );
    }
    const [id = ''] = expectArguments('model show', rest, ['ID']);
    const { api } = await openSession(io, values);
    const found = await api.json(`/v1/models/${encodeURIComponent(id)}`, Model);
    return show(io, values.json, found, () => [
      `model ${found.id}`,
      `  name   ${found.name ?? 'unknown here'} ${found.version ?? ''}`.trimEnd(),
      `  price  ${found.priceUnes} a seat`,
      `  state  ${notes(found)}`,
      ...(found.cheating ? cheatingLines(found.cheating) : ['no node serves it: what cheating brings is not known']),
    ]);
  },
};
