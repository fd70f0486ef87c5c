import { RpcError } from './json-rpc.ts';

type Operator = '=' | '<' | '<=' | '>' | '>=' | 'CONTAINS' | 'EXISTS';

/** One condition of a query: `key operator value`. `numeric` when the value was written without quotes. */
export interface Condition {
  readonly key: string;
  readonly operator: Operator;
  readonly value: string;
  readonly numeric: boolean;
}

const MAX_QUERY_LENGTH = 512;
const CONDITION =
  /^\s*(?<key>[^\s=<>']+)\s*(?:(?<exists>EXISTS)|(?<operator><=|>=|=|<|>|CONTAINS)\s*(?:'(?<text>(?:[^'\\]|\\.)*)'|(?:(?:TIME|DATE)\s+)?(?<bare>[^\s']+)))\s*/;
const AND = /^AND\s+/;

/**
 * Parses CometBFT's query language (v0.38 libs/pubsub/query/syntax): conditions joined by AND. Throws RpcError for anything
 * else and for more than 512 characters.
 */
export function parseEventQuery(query: string): Condition[] {
  if (query.length > MAX_QUERY_LENGTH) throw new RpcError('maximum query length exceeded');
  const conditions: Condition[] = [];
  let rest = query.trim();
  while (rest !== '') {
    if (conditions.length > 0) {
      const and = AND.exec(rest);
      if (and === null) throw new RpcError(`failed to parse query: expected AND at "${rest}"`);
      rest = rest.slice(and[0].length);
    }
    const match = CONDITION.exec(rest);
    const groups = match?.groups;
    if (match === null || groups === undefined) throw new RpcError(`failed to parse query: unexpected "${rest}"`);
    conditions.push({
      key: groups.key ?? '',
      operator: (groups.exists ?? groups.operator) as Operator,
      value: groups.text?.replace(/\\(.)/g, '$1') ?? groups.bare ?? '',
      numeric: groups.bare !== undefined,
    });
    rest = rest.slice(match[0].length);
  }
  if (conditions.length === 0) throw new RpcError('failed to parse query: empty query');
  return conditions;
}

/** Whether an event with these attributes (by `type.key`) meets every condition. */
export function matchesEventQuery(
  conditions: readonly Condition[],
  events: ReadonlyMap<string, readonly string[]>,
): boolean {
  return conditions.every((condition) => (events.get(condition.key) ?? []).some((value) => meets(value, condition)));
}

function meets(value: string, { operator, value: wanted, numeric }: Condition): boolean {
  switch (operator) {
    case 'EXISTS':
      return true;
    case 'CONTAINS':
      return value.includes(wanted);
    case '=':
      return numeric ? Number(value) === Number(wanted) : value === wanted;
    case '<':
      return Number(value) < Number(wanted);
    case '<=':
      return Number(value) <= Number(wanted);
    case '>':
      return Number(value) > Number(wanted);
    case '>=':
      return Number(value) >= Number(wanted);
  }
}
