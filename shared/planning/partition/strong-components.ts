/**
 * Sets of nodes that reach each other, in no order of interest; O(n + m). Tarjan, "Depth-first search and linear graph
 * algorithms" (1972), with a path of its own in place of recursion, which long chains would overflow.
 * @param next per node the nodes that it leads to
 */
export const strongComponents = (next: readonly (readonly number[])[]): number[][] => {
  const found: number[][] = [];
  const seenAs = new Int32Array(next.length).fill(-1);
  const lowest = new Int32Array(next.length);
  const isOpen = new Uint8Array(next.length);
  const open: number[] = [];
  let seen = 0;
  const lower = (node: number, to: number): void => {
    lowest[node] = Math.min(lowest[node] ?? 0, to);
  };
  const visit = (root: number): void => {
    const path = [enter(root)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const to = next[top.node]?.[top.tried];
      top.tried += 1;
      if (to === undefined) {
        path.pop();
        const above = path.at(-1);
        if (above) lower(above.node, lowest[top.node] ?? 0);
        if (lowest[top.node] === seenAs[top.node]) close(top.node);
      } else if (seenAs[to] === -1) path.push(enter(to));
      else if (isOpen[to] === 1) lower(top.node, seenAs[to] ?? 0);
    }
  };
  const enter = (node: number): { node: number; tried: number } => {
    seenAs[node] = seen;
    lowest[node] = seen;
    isOpen[node] = 1;
    seen += 1;
    open.push(node);
    return { node, tried: 0 };
  };
  const close = (node: number): void => {
    const component = open.splice(open.lastIndexOf(node));
    for (const member of component) isOpen[member] = 0;
    found.push(component);
  };
  for (let node = 0; node < next.length; node += 1) if (seenAs[node] === -1) visit(node);
  return found;
};
