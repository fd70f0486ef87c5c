/** Where the embedded chain's RPC is known not to be a real node's, and why. Each is asserted: one that vanishes must leave the list. */
export interface ShapeDifference {
  readonly call: RegExp;
  readonly path: RegExp;
  readonly devchain: readonly string[];
  readonly reason: string;
}

export const SHAPE_DIFFERENCES: readonly ShapeDifference[] = [
  {
    call: /^status$/,
    path: /^node_info\.channels/,
    devchain: ["node_info.channels: ''"],
    reason: 'the embedded chain has no peers and so no p2p channels',
  },
  {
    call: /^block_results/,
    path: /^finalize_block_events/,
    devchain: ['finalize_block_events: []'],
    reason: 'no minting, distribution or staking: a block does nothing of its own; our code reads transactions only',
  },
  {
    call: /^tx_search, bad query$/,
    path: /^error: -32603 Internal error /,
    devchain: ['error: -32603 Internal error failed to parse query: unexpected "tx.height="'],
    reason: 'another parser of the query language, with words of its own',
  },
];

type Shapes = Readonly<Record<string, readonly string[]>>;

/** What is left when the known differences are taken out. */
export const withoutDifferences = (shapes: Shapes): Shapes =>
  Object.fromEntries(
    Object.entries(shapes).map(([call, lines]) => {
      const known = SHAPE_DIFFERENCES.filter((difference) => difference.call.test(call));
      return [call, lines.filter((line) => !known.some(({ path }) => path.test(line)))];
    }),
  );

/** The lines of a difference as a chain has them, without repetition. */
export const linesOf = (shapes: Shapes, { call, path }: ShapeDifference): string[] => [
  ...new Set(
    Object.entries(shapes).flatMap(([name, lines]) => (call.test(name) ? lines.filter((l) => path.test(l)) : [])),
  ),
];
