import { decodeTxRaw } from '@cosmjs/proto-signing';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { House } from '../../infra/local/house.ts';
import { ask, benchHouse, final } from './bench-house.ts';

const QUERIES_EACH = 6;

interface Spent {
  readonly committed: number;
  readonly bytes: Readonly<Record<string, number>>;
}

/** Transaction bytes on chain per query, by message, for committees as they came out. Gas is not metered here; a later issue measures it on wasmd. */
export const chainBytes = async (): Promise<void> => {
  const house = await benchHouse();
  const spent: Spent[] = [];
  for (const seats of [3, 5]) {
    for (let i = 0; i < QUERIES_EACH; i++) {
      const queryId = await ask(house, `${seats}/${i}`, seats);
      const { askedHeight, outcome } = await final(house, queryId);
      // One block more: members that raced to settle are counted too.
      while ((await house.chain.head()).height <= (outcome?.height ?? 0) + 2) await new Promise(setImmediate);
      const last = (outcome?.height ?? 0) + 2;
      spent.push({ committed: outcome?.committed ?? 0, bytes: await bytesOf(house, queryId, askedHeight, last) });
    }
  }
  process.stdout.write('committee  queries  ask  commit  reveal  settle  total (bytes per query, mean)\n');
  for (const committed of [...new Set(spent.map((s) => s.committed))].sort()) {
    const group = spent.filter((s) => s.committed === committed);
    const mean = (kind: string): number =>
      Math.round(group.reduce((sum, s) => sum + (s.bytes[kind] ?? 0), 0) / group.length);
    const kinds = ['ask', 'commit', 'reveal', 'settle'].map(mean);
    const total = kinds.reduce((sum, n) => sum + n, 0);
    process.stdout.write(
      `${String(committed).padStart(9)}  ${String(group.length).padStart(7)}  ${kinds.join('  ')}  ${total}\n`,
    );
  }
  await house.stop();
};

const bytesOf = async (
  { comet }: House,
  queryId: number,
  from: number,
  to: number,
): Promise<Record<string, number>> => {
  const bytes: Record<string, number> = {};
  for (let height = from; height <= to; height++) {
    for (const tx of (await comet.block(height)).block.txs) {
      for (const { typeUrl, value } of decodeTxRaw(tx).body.messages) {
        if (typeUrl !== '/cosmwasm.wasm.v1.MsgExecuteContract') continue;
        const [[kind, body] = ['', {}]] = Object.entries(
          JSON.parse(new TextDecoder().decode(MsgExecuteContract.decode(value).msg)),
        );
        const about = (body as { query_id?: number }).query_id;
        // One query at a time is under way, so the ask in these blocks is its own.
        if (kind === 'ask' ? height === from : about === queryId) bytes[kind] = (bytes[kind] ?? 0) + tx.length;
      }
    }
  }
  return bytes;
};
