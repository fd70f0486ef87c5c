import type { DatabaseSync } from 'node:sqlite';
import { BadInputError } from '../../../../shared/errors.ts';

/** What to look for; see rpc/event-query.ts for the language it comes from. */
export interface SearchCondition {
  readonly key: string;
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'CONTAINS' | 'EXISTS';
  readonly value: string;
  readonly numeric: boolean;
}

export interface SearchPage {
  readonly order: 'asc' | 'desc';
  readonly offset: number;
  readonly limit: number;
}

/** A transaction's place in the chain. */
export interface TxPlace {
  readonly height: number;
  readonly index: number;
}

type Sql = { readonly text: string; readonly values: readonly (string | number | Uint8Array)[] };

/**
 * Places of the transactions that meet all conditions, one page of them, and how many there are in all. Heights and hashes
 * come from their own tables, everything else from the index of event attributes. Throws BadInputError for a condition that
 * cannot be answered.
 */
export function searchTxs(
  database: DatabaseSync,
  conditions: readonly SearchCondition[],
  page: SearchPage,
): { places: TxPlace[]; total: number } {
  const parts = conditions.flatMap(toSql);
  const all: Sql[] = parts.length === 0 ? [{ text: 'SELECT height, position FROM txs', values: [] }] : parts;
  const text = all.map((part) => part.text).join(' INTERSECT ');
  const values = all.flatMap((part) => part.values);
  const total = Number(database.prepare(`SELECT COUNT(*) AS total FROM (${text})`).get(...values)?.total ?? 0);
  const direction = page.order === 'asc' ? 'ASC' : 'DESC';
  const sql = `SELECT * FROM (${text}) ORDER BY height ${direction}, position ${direction} LIMIT ? OFFSET ?`;
  const rows = database.prepare(sql).all(...values, page.limit, page.offset);
  return { places: rows.map((row) => ({ height: Number(row.height), index: Number(row.position) })), total };
}

function toSql(condition: SearchCondition): Sql[] {
  const { key, operator, value, numeric } = condition;
  if (key === 'tm.event') {
    return value === 'Tx' ? [] : [{ text: 'SELECT height, position FROM txs WHERE 0', values: [] }];
  }
  if (key === 'tx.hash') {
    if (operator !== '=') throw new BadInputError('bad-search', 'tx.hash can only be compared with =');
    const hash = Uint8Array.from(Buffer.from(value, 'hex'));
    return [{ text: 'SELECT height, position FROM tx_index WHERE hash = ?', values: [hash] }];
  }
  if (key === 'tx.height') {
    if (operator === 'CONTAINS' || operator === 'EXISTS') return [];
    return [{ text: `SELECT height, position FROM txs WHERE height ${operator} ?`, values: [Number(value)] }];
  }
  const from = 'SELECT height, position FROM tx_events WHERE name = ?';
  if (operator === 'EXISTS') return [{ text: from, values: [key] }];
  if (operator === 'CONTAINS') return [{ text: `${from} AND instr(value, ?) > 0`, values: [key, value] }];
  if (operator === '=' && !numeric) return [{ text: `${from} AND value = ?`, values: [key, value] }];
  return [{ text: `${from} AND CAST(value AS NUMERIC) ${operator} ?`, values: [key, Number(value)] }];
}
