/**
 * Which committees a draw gives (docs/protocol.md section 3): exact, not sampled. In round r a node qualifies with probability
 * `min(1, seats * weight / total * 2^r)`, independently of the others and of its other rounds; rounds go on until the seats are
 * filled, and whoever qualifies up to that round commits.
 */

/** A committee holds no more (contract: MAX_COMMITTEE). */
export const MAX_COMMITTEE = 21;

/** How likely it is that so many honest seats and so many of the coalition's are committed when the window closes. */
export interface Committee {
  readonly honest: number;
  readonly ours: number;
  readonly probability: number;
}

/** Less is not worth another round. */
const NEGLIGIBLE = 1e-13;
/** More newcomers in one round than this are so unlikely that they are counted as this many. */
const MAX_NEW = 64;

/** By seats taken in earlier rounds, then by seats gained in this one. */
type Sides = readonly (readonly number[])[];

/** @param chances of each node: seated before this round, and in it */
const sides = (chances: readonly { readonly before: number; readonly now: number }[], seats: number): Sides => {
  let table: number[][] = [[1]];
  for (const { before, now } of chances) {
    const next: number[][] = Array.from({ length: Math.min(table.length + 1, seats) }, () =>
      Array.from({ length: Math.min((table[0]?.length ?? 0) + 1, MAX_NEW + 1) }, () => 0),
    );
    const add = (taken: number, gained: number, probability: number): void => {
      // Filled before this round: then the draw had ended.
      const row = next[taken];
      const column = Math.min(gained, MAX_NEW);
      if (row) row[column] = (row[column] ?? 0) + probability;
    };
    table.forEach((row, taken) => {
      row.forEach((probability, gained) => {
        if (probability === 0) return;
        add(taken, gained, probability * (1 - before - now));
        add(taken + 1, gained, probability * before);
        add(taken, gained + 1, probability * now);
      });
    });
    table = next;
  }
  return table;
};

const logFactorials = [0, 0];
const choose = (n: number, k: number): number => {
  while (logFactorials.length <= n) logFactorials.push((logFactorials.at(-1) ?? 0) + Math.log(logFactorials.length));
  const log = (i: number): number => logFactorials[i] as number;
  return k < 0 || k > n ? 0 : Math.exp(log(n) - log(k) - log(n - k));
};

/**
 * @param honest, ours weights of the nodes of each side @param seats asked for
 * @param lastRound highest round that the commit window has time for
 */
export const committees = (
  honest: readonly number[],
  ours: readonly number[],
  seats: number,
  lastRound: number,
): Committee[] => {
  const total = [...honest, ...ours].reduce((sum, weight) => sum + weight, 0);
  const found = new Map<number, number>();
  const add = (h: number, a: number, probability: number): void =>
    void found.set(h * 64 + a, (found.get(h * 64 + a) ?? 0) + probability);
  const seated = (weight: number, rounds: number): number => {
    let not = 1;
    for (let r = 0; r < rounds; r++) not *= 1 - Math.min(1, (seats * weight * 2 ** r) / total);
    return 1 - not;
  };
  const chancesIn = (weights: readonly number[], round: number) =>
    weights.map((weight) => {
      const before = seated(weight, round);
      return { before, now: seated(weight, round + 1) - before };
    });
  let open = total > 0 ? 1 : 0;
  for (let round = 0; round <= lastRound && open > NEGLIGIBLE; round++) {
    const [left, right] = [sides(chancesIn(honest, round), seats), sides(chancesIn(ours, round), seats)];
    open = 0;
    left.forEach((row, h0) => {
      right.forEach((other, a0) => {
        if (h0 + a0 >= seats) return;
        row.forEach((p, h1) => {
          other.forEach((q, a1) => {
            const probability = p * q;
            if (probability === 0) return;
            if (h0 + a0 + h1 + a1 < seats && round < lastRound) open += probability;
            else fill([h0, a0], [h1, a1], probability, add);
          });
        });
      });
    });
  }
  return [...found].map(([key, probability]) => ({ honest: Math.floor(key / 64), ours: key % 64, probability }));
};

/** The newcomers take the seats that are left; if there are too few of these, those who come first, of either side alike. */
const fill = (
  [h0, a0]: readonly [number, number],
  [h1, a1]: readonly [number, number],
  probability: number,
  add: (h: number, a: number, probability: number) => void,
): void => {
  const left = MAX_COMMITTEE - h0 - a0;
  if (h1 + a1 <= left) {
    add(h0 + h1, a0 + a1, probability);
    return;
  }
  for (let a = 0; a <= Math.min(a1, left); a++) {
    const share = (choose(a1, a) * choose(h1, left - a)) / choose(h1 + a1, left);
    if (share > 0) add(h0 + left - a, a0 + a, probability * share);
  }
};
