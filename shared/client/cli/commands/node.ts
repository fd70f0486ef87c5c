import { Node, Nodes } from '../../answers.ts';
import type { ApiHttp } from '../../http.ts';
import { type Command, expectArguments, openSession, parse, show, usage } from '../command.ts';
import { CONFIG_HELP } from '../config.ts';

const help = `quorate node list | show ADDRESS

Nodes of the contract: bond, reputation, models.

  --json            one JSON document on stdout
${CONFIG_HELP}`;

const allNodes = async (api: ApiHttp): Promise<Node[]> => {
  const found: Node[] = [];
  let after = '';
  do {
    const page = await api.json(`/v1/nodes?limit=100${after === '' ? '' : `&after=${after}`}`, Nodes);
    found.push(...page.nodes);
    after = page.next ?? '';
  } while (after !== '');
  return found;
};

const reputation = (node: Node): string => (node.reputationThousandths / 1_000).toFixed(3);

export const node: Command = {
  name: 'node',
  summary: 'nodes of the contract',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('node', args, {});
    const [action = 'list', ...rest] = positionals;
    if (action !== 'list' && action !== 'show') {
      throw usage(`'quorate node' takes 'list' or 'show', received '${action}'`, "See 'quorate node --help'.");
    }
    if (action === 'list') {
      expectArguments('node list', rest, []);
      const nodes = await allNodes((await openSession(io, values)).api);
      return show(io, values.json, { nodes }, () =>
        nodes.map((n) => `${n.address}  bond ${n.bondUnes}  reputation ${reputation(n)}  models ${n.models.length}`),
      );
    }
    const [address = ''] = expectArguments('node show', rest, ['ADDRESS']);
    const { api } = await openSession(io, values);
    const found = await api.json(`/v1/nodes/${encodeURIComponent(address)}`, Node);
    return show(io, values.json, found, () => [
      `node ${found.address}`,
      `  bond        ${found.bondUnes}`,
      `  reputation  ${reputation(found)}`,
      ...found.models.map((id) => `  serves      ${id}`),
    ]);
  },
};
