import { type Charges, type Sliced, sliceChain } from './slicing.ts';

/** Chains tried by local moves, at most: each is one slicing. */
const MOST_TRIES = 2_000;

/** Orders worth trying: the fastest first, the largest first, and from the fastest on by the time to move and compute. */
const orders = ({ swarm, table, entry }: Charges): readonly (readonly number[])[] => {
  const all = swarm.machines.map((_, m) => m);
  const speed = (m: number): number => swarm.machines[m]?.speed ?? 0;
  const memory = (m: number): number => swarm.machines[m]?.memoryBytes ?? 0;
  const fastest = all.toSorted((a, b) => speed(b) - speed(a) || a - b);
  const largest = all.toSorted((a, b) => memory(b) - memory(a) || speed(b) - speed(a) || a - b);
  const shareMs = (table.workMs.at(-1) ?? 0) / all.length;
  const nearest = fastest.slice(0, 1);
  const middle = Math.floor(table.at.length / 2);
  for (let from = nearest[0]; from !== undefined && nearest.length < all.length; from = nearest.at(-1)) {
    const here = from;
    const takesMs = (m: number): number => (entry(here, m)[middle] ?? 0) + shareMs / speed(m);
    const [next] = all.filter((m) => !nearest.includes(m)).sort((a, b) => takesMs(a) - takesMs(b) || a - b);
    if (next === undefined) break;
    nearest.push(next);
  }
  return [fastest, nearest, largest];
};

/** Each way to change one thing: leave a machine out, exchange two or use another instead, add one. */
function* moves(chain: readonly number[], machines: number): Generator<readonly number[]> {
  const unused = Array.from({ length: machines }, (_, m) => m).filter((m) => !chain.includes(m));
  for (const i of chain.keys()) yield chain.toSpliced(i, 1);
  for (const [i, a] of chain.entries()) {
    for (const [j, b] of chain.entries()) if (i < j) yield chain.with(i, b).with(j, a);
  }
  for (const i of chain.keys()) for (const m of unused) yield chain.with(i, m);
  for (let i = 0; i <= chain.length; i += 1) for (const m of unused) yield chain.toSpliced(i, 0, m);
}

/**
 * A good placement for any number of machines: the best machine alone or beginning of each of three orders, then single moves while one
 * helps. A beginning leaves the rest out, so weak machines cost nothing.
 */
export const bestOfOrders = (charges: Charges, maxStages: number): Sliced | undefined => {
  const most = Math.min(maxStages, charges.table.at.length - 1);
  let best: Sliced | undefined;
  const better = (chain: readonly number[]): boolean => {
    if (chain.length === 0 || chain.length > most) return false;
    const found = sliceChain(charges, chain, best?.costMs ?? Number.POSITIVE_INFINITY);
    best = found ?? best;
    return found !== undefined;
  };
  for (const machine of charges.swarm.machines.keys()) better([machine]);
  for (const order of orders(charges)) {
    for (let length = 2; length <= Math.min(most, order.length); length += 1) better(order.slice(0, length));
  }
  let tries = best ? MOST_TRIES : 0;
  const chainOf = (): readonly number[] => best?.runs.map(({ machine }) => machine) ?? [];
  const step = (): boolean => {
    for (const chain of moves(chainOf(), charges.swarm.machines.length)) {
      tries -= 1;
      if (tries < 0) return false;
      if (better(chain)) return true;
    }
    return false;
  };
  while (tries > 0 && step());
  return best;
};
