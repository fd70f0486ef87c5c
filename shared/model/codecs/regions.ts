/** A connected region of a map: its bounding box (bottom and right exclusive), and the sum over its cells. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly cells: number;
  readonly sum: number;
}

/**
 * Regions of cells above a threshold that touch by side or corner (8-connectivity, as OpenCV's findContours has it),
 * in order of their first cell, row by row. A flood fill with its own stack; each cell is visited once.
 * @param map row-major, `width * height` values
 */
export const regionsAbove = (map: Float32Array, width: number, height: number, threshold: number): Region[] => {
  const seen = new Uint8Array(width * height);
  const stack = new Int32Array(width * height);
  const regions: Region[] = [];
  for (let start = 0; start < width * height; start++) {
    if (seen[start] === 1 || !((map[start] ?? 0) > threshold)) continue;
    regions.push(fill(map, width, height, threshold, seen, stack, start));
  }
  return regions;
};

const fill = (
  map: Float32Array,
  width: number,
  height: number,
  threshold: number,
  seen: Uint8Array,
  stack: Int32Array,
  start: number,
): Region => {
  let [left, top, right, bottom] = [width, height, 0, 0];
  let cells = 0;
  let sum = 0;
  let depth = 0;
  stack[depth++] = start;
  seen[start] = 1;
  while (depth > 0) {
    const at = stack[--depth] ?? 0;
    const x = at % width;
    const y = (at - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    cells += 1;
    sum += map[at] ?? 0;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const next = ny * width + nx;
        if (seen[next] === 1 || !((map[next] ?? 0) > threshold)) continue;
        seen[next] = 1;
        stack[depth++] = next;
      }
    }
  }
  return { left, top, right, bottom, cells, sum };
};
