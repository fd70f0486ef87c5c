/** Most blocks that are read or wait to be stored at once. */
const MAX_AHEAD = 8;

/**
 * Reads heights in order, the next ones already on their way while one is stored. Begins with one at a time and doubles while
 * blocks are small, so that large ones are never held many at once. A failure is thrown in its turn, after what came before it.
 */
export async function* readAhead<T>(
  heights: { readonly from: number; readonly to: number },
  read: (height: number) => Promise<T>,
  isLarge: (value: T) => boolean,
): AsyncGenerator<T> {
  const pending: Promise<T>[] = [];
  let window = 1;
  let next = heights.from;
  for (let height = heights.from; height <= heights.to; height++) {
    for (; next <= heights.to && pending.length < window; next++) {
      const reading = read(next);
      // It is awaited in its turn; until then a rejection is nobody's surprise.
      reading.catch(() => undefined);
      pending.push(reading);
    }
    const value = (await pending.shift()) as T;
    window = isLarge(value) ? 1 : Math.min(2 * window, MAX_AHEAD);
    yield value;
  }
}
