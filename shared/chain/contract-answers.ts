import { z } from 'zod';
import { TransientError } from '../errors.ts';
import { fromBase64, toHex } from '../protocol/encoding.ts';
import type {
  ContractParams,
  ContractTotals,
  DrawState,
  ModelState,
  NodeState,
  QueryState,
  SeatState,
} from '../protocol/state.ts';

/** Decoders of the contract's answers. A node that answers something else is broken or lying: `rpc-unavailable`. */

const binary = z.string().transform((value) => toHex(fromBase64(value)));
const amount = z.string().regex(/^\d+$/).transform(BigInt);
const height = z.int().nonnegative();
const orAbsent = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value): z.output<T> | undefined => value ?? undefined);

const rule = z.union([
  z.strictObject({ exact: z.strictObject({}) }),
  z.strictObject({ tolerant: z.strictObject({ tolerance: z.int(), sketch_len: z.int() }) }),
  z.strictObject({
    custom: z.strictObject({
      function: z.union([
        z.strictObject({ mean: z.strictObject({}) }),
        z.strictObject({ median: z.strictObject({}) }),
        z.strictObject({ trimmed_mean: z.strictObject({ trim_ppm: z.int() }) }),
      ]),
      tolerance: z.int(),
      sketch_len: z.int(),
    }),
  }),
]);

const timing = z
  .object({ k1_us: z.int(), k2_us: z.int(), min_ms: z.int(), max_ms: z.int() })
  .transform((t) => ({ k1Us: t.k1_us, k2Us: t.k2_us, minMs: t.min_ms, maxMs: t.max_ms }));

const model = z
  .object({
    model: binary,
    owner: z.string(),
    price: amount,
    rule,
    windows: z.object({ round_blocks: height, commit_blocks: height, reveal_blocks: height }),
    withdrawn: z.boolean(),
    total_weight: amount,
    trial: orAbsent(binary),
    timing: orAbsent(timing),
  })
  .transform(
    (m): ModelState => ({
      id: m.model,
      owner: m.owner,
      priceUnes: m.price,
      rule: m.rule as ModelState['rule'],
      windows: {
        roundBlocks: m.windows.round_blocks,
        commitBlocks: m.windows.commit_blocks,
        revealBlocks: m.windows.reveal_blocks,
      },
      withdrawn: m.withdrawn,
      totalWeight: m.total_weight,
      trial: m.trial,
      timing: m.timing,
    }),
  );

const node = z
  .object({
    address: z.string(),
    vrf_pubkey: binary,
    bond: amount,
    unbonding: z.array(z.object({ amount, release_height: height })),
    reputation: z.int(),
    models: z.array(binary),
    tier: z.enum(['probation', 'standard', 'trusted']),
    seats_settled: z.int(),
    seats_won: z.int(),
  })
  .transform(
    (n): NodeState => ({
      address: n.address,
      vrfPublicKey: n.vrf_pubkey,
      bondUnes: n.bond,
      unbonding: n.unbonding.map((u) => ({ amountUnes: u.amount, releaseHeight: u.release_height })),
      reputation: n.reputation,
      models: n.models,
      tier: n.tier,
      seatsSettled: n.seats_settled,
      seatsWon: n.seats_won,
    }),
  );

const opening = z
  .object({
    height,
    time_ns: amount,
    seed: binary,
    total_weight: amount,
    round: z.int(),
    committed: z.int(),
    revealed: z.int(),
    commit_close: height,
    reveal_close: orAbsent(height),
  })
  .transform((o) => ({
    height: o.height,
    timeNs: o.time_ns,
    seed: o.seed,
    totalWeight: o.total_weight,
    round: o.round,
    committed: o.committed,
    revealed: o.revealed,
    commitClose: o.commit_close,
    revealClose: o.reveal_close,
  }));

const query = z
  .object({
    id: z.int(),
    query_hash: binary,
    asker: z.string(),
    model: binary,
    input_hash: binary,
    input: z.union([
      z.object({ uri: z.string() }),
      z.object({ inline: z.string() }).transform((i) => ({ inline: fromBase64(i.inline) })),
    ]),
    seats: z.int(),
    privacy: z.string(),
    max_units: z.int(),
    fee: amount,
    agent: orAbsent(z.string()),
    callback: orAbsent(z.string()),
    asked_height: height,
    attempt: z.int(),
    phase: z.enum(['queued', 'commit', 'reveal', 'settle', 'expire', 'verified', 'refunded']),
    opening: orAbsent(opening),
    queue_deadline: orAbsent(height),
    outcome: orAbsent(
      z.object({
        kind: z.enum(['verified', 'refunded']),
        digest: orAbsent(binary),
        votes: z.int(),
        committed: z.int(),
        height,
        reason: orAbsent(z.enum(['expired_in_queue', 'no_commits', 'no_majority'])),
        value: z.array(z.int()),
      }),
    ),
    input_units: z.int(),
  })
  .transform(
    (q): QueryState => ({
      id: q.id,
      queryHash: q.query_hash,
      asker: q.asker,
      model: q.model,
      inputHash: q.input_hash,
      input: q.input,
      seats: q.seats,
      privacy: q.privacy,
      maxUnits: q.max_units,
      feeUnes: q.fee,
      agent: q.agent,
      callback: q.callback,
      askedHeight: q.asked_height,
      attempt: q.attempt,
      phase: q.phase,
      opening: q.opening,
      queueDeadline: q.queue_deadline,
      outcome: q.outcome,
      inputUnits: q.input_units,
    }),
  );

const seat = z
  .object({
    node: z.string(),
    attempt: z.int(),
    round: z.int(),
    beta: binary,
    commitment: binary,
    committed_height: height,
    outcome: z.enum(['committed', 'revealed', 'majority', 'minority', 'mismatch', 'late', 'absent']),
    digest: orAbsent(binary),
    receipts_root: orAbsent(binary),
    paid: amount,
    slashed: amount,
  })
  .transform(
    (s): SeatState => ({
      node: s.node,
      attempt: s.attempt,
      round: s.round,
      beta: s.beta,
      commitment: s.commitment,
      committedHeight: s.committed_height,
      outcome: s.outcome,
      digest: s.digest,
      receiptsRoot: s.receipts_root,
      paidUnes: s.paid,
      slashedUnes: s.slashed,
    }),
  );

const draw = z
  .object({ weight: amount, total_weight: amount, seats: z.int(), seed: binary, attempt: z.int(), round: z.int() })
  .transform(
    (d): DrawState => ({
      attempt: d.attempt,
      round: d.round,
      seed: d.seed,
      seats: d.seats,
      weight: d.weight,
      totalWeight: d.total_weight,
    }),
  );

const totals = z.object({ bonds: amount, fees: amount, pool: amount, sessions: amount }).transform(
  (t): ContractTotals => ({
    bondsUnes: t.bonds,
    feesUnes: t.fees,
    poolUnes: t.pool,
    sessionsUnes: t.sessions,
  }),
);

const params = z
  .object({ params: z.object({ max_seats: z.int(), bond_cap: amount, min_bond: amount, slash_ppm: z.int() }) })
  .transform(
    ({ params: p }): ContractParams => ({
      maxSeats: p.max_seats,
      bondCapUnes: p.bond_cap,
      minBondUnes: p.min_bond,
      slashPpm: p.slash_ppm,
    }),
  );

const decoder =
  <T>(name: string, type: z.ZodType<T>) =>
  (answer: unknown): T => {
    const parsed = type.safeParse(answer);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new TransientError('rpc-unavailable', `the node's answer to '${name}' does not fit at: ${where}`);
  };

export const decodeModel = decoder('model', model);
export const decodeModels = decoder('models', z.object({ models: z.array(model) }));
export const decodeNode = decoder('node', node);
export const decodeNodes = decoder('nodes', z.object({ nodes: z.array(node) }));
export const decodeQuery = decoder('query', query);
export const decodeLive = decoder('live', z.object({ queries: z.array(query) }));
export const decodeSeats = decoder('seats', z.object({ seats: z.array(seat) }));
export const decodeDraw = decoder('draw', draw);
export const decodeTotals = decoder('totals', totals);
export const decodeParams = decoder('params', params);
