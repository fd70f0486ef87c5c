import type { House, HouseOptions } from '../../infra/local/house.ts';
import { CHAINS, type ChainKind } from '../../infra/local/settings.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { ask, benchHouse, final } from './bench-house.ts';

const QUERIES_EACH = 4;
const CALLS = ['ask', 'commit', 'reveal', 'settle'] as const;

interface Spent {
  readonly committed: number;
  /** By call; a transaction with several messages is shared among them in equal parts. */
  readonly bytes: ReadonlyMap<string, number>;
  readonly gas: number;
  readonly txs: number;
}

/** Several messages of one block's time wait for each other; without shared lanes there is nothing to wait for. */
const LANES: Readonly<Record<string, Partial<HouseOptions>>> = {
  'own accounts': {},
  'one lane': { sharedLane: true, terms: { gatherMs: 400 } },
};

/**
 * What a query takes on the chain, in bytes of transactions and gas, by committee as it came out. On the embedded chain gas is not
 * that of instructions: give `wasmd` for real figures.
 */
export const chainBytes = async ([kind = 'devchain']: readonly string[]): Promise<void> => {
  if (!Object.hasOwn(CHAINS, kind)) throw new RangeError(`no chain '${kind}': ${Object.keys(CHAINS).join(', ')}`);
  const columns = ['lanes', 'committee', 'queries', ...CALLS, 'bytes', 'transactions', 'gas'];
  process.stdout.write(`${columns.join(' | ')} (mean per query, on ${kind})\n`);
  for (const [lanes, options] of Object.entries(LANES)) {
    const house = await benchHouse({ ...options, chainKind: kind as ChainKind });
    const spent: Spent[] = [];
    for (const seats of [3, 5]) {
      for (let i = 0; i < QUERIES_EACH; i++) spent.push(await spentOn(house, await ask(house, `${seats}/${i}`, seats)));
    }
    await house.stop();
    for (const committed of [...new Set(spent.map((s) => s.committed))].sort()) {
      const group = spent.filter((s) => s.committed === committed);
      const mean = (of: (s: Spent) => number): number =>
        Math.round(group.reduce((sum, s) => sum + of(s), 0) / group.length);
      const bytes = CALLS.map((call) => mean((s) => s.bytes.get(call) ?? 0));
      const total = bytes.reduce((sum, n) => sum + n, 0);
      const row = [lanes, committed, group.length, ...bytes, total, mean((s) => s.txs), mean((s) => s.gas)];
      process.stdout.write(`${row.join(' | ')}\n`);
    }
  }
};

const spentOn = async (house: House, queryId: number): Promise<Spent> => {
  const { askedHeight, outcome } = await final(house, queryId);
  const last = (outcome?.height ?? 0) + 2;
  // Members that raced to settle are counted too.
  while ((await house.chain.head()).height <= last) await new Promise((resolve) => setTimeout(resolve, 50));
  const bytes = new Map<string, number>();
  let [gas, txs] = [0, 0];
  for (let height = askedHeight; height <= last; height++) {
    for (const raw of (await house.comet.block(height)).block.txs) {
      const tx = await house.chain.transaction(toHex(sha256(raw)).toUpperCase());
      const about = tx?.messages.filter((message) => message.queryId === queryId) ?? [];
      if (!tx || about.length === 0) continue;
      txs += 1;
      gas += (tx.gasUsed * about.length) / tx.messages.length;
      for (const { call = '' } of about) bytes.set(call, (bytes.get(call) ?? 0) + raw.length / tx.messages.length);
    }
  }
  return { committed: outcome?.committed ?? 0, bytes, gas, txs };
};
