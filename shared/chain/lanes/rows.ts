import { z } from 'zod';
import { RunRef } from '../../messages/ids.ts';
import type { Key, Write } from '../../ports/store.ts';

/** What is to be sent: one execution of the contract in the name of one account, the principal. */
export const TxIntent = z.strictObject({
  /** Domain id: `<run id>/commit/1`, `ask/<key>`, `<chain>/<query>/<attempt>/settle/1`. */
  txId: z.string().min(1),
  /** The principal: the contract's `sender`. Another account may sign for it (a lane with a grant). */
  signer: z.string().min(1),
  msg: z.record(z.string(), z.unknown()),
  fundsUnes: z.string().regex(/^\d+$/),
  /** Last height at which inclusion still helps. */
  deadlineHeight: z.int(),
  /**
   * The chain refuses it below this height and so does a simulation, which runs at that of the last block: until then this gas is
   * reckoned with.
   */
  opens: z.strictObject({ height: z.int(), gasUsed: z.int().positive() }).optional(),
  /** Whose state machine is told the end; absent for asks and sweeps. */
  run: RunRef.optional(),
});
export type TxIntent = z.infer<typeof TxIntent>;

/** What happened to an intent so far: the body of its token, and of its place in a batch. */
const history = {
  txId: z.string(),
  /** Batches of it that were signed, perhaps sent, and died by their time-out. */
  signatures: z.int(),
  /** Batches of it that ran out of gas in a block. */
  outOfGas: z.int(),
  /** Most messages of the next batch that it may be in: halved when a batch failed and no message was named. */
  together: z.int().optional(),
};

export const Waiting = z.strictObject({
  ...history,
  /** A simulation refused it at this height: believed when it is repeated at a later one. */
  refusedHeight: z.int().optional(),
});
export type Waiting = z.infer<typeof Waiting>;

export const Member = z.strictObject({ ...history, sizeBytes: z.int() });
export type Member = z.infer<typeof Member>;

/** PLANNED -> BATCHED -> INCLUDED; back to PLANNED only when those bytes can never take effect; EXPIRED and REFUSED were never in a block. */
export const TxRow = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('planned'), intent: TxIntent, signatures: z.int() }),
  z.strictObject({
    state: z.literal('batched'),
    intent: TxIntent,
    /** Account that signed. */
    lane: z.string(),
    /** SHA-256 of the batch's bytes, upper-case hex. */
    hash: z.string(),
    timeoutHeight: z.int(),
  }),
  z.strictObject({
    state: z.literal('included'),
    intent: TxIntent,
    hash: z.string(),
    height: z.int(),
    /** ABCI code: 0, or what this very message failed with. */
    code: z.int(),
    log: z.string(),
    /** This message's share (equal parts of gas and fee, bytes by size): the shares of a batch add up to what the transaction took. */
    gasUsed: z.int(),
    sizeBytes: z.int(),
    /** Absent in rows of releases that did not keep it. */
    feeUnes: z.string().optional(),
    /** Query that the message's own events name, for asks. */
    queryId: z.int().optional(),
  }),
  z.strictObject({ state: z.literal('expired'), intent: TxIntent, reason: z.string() }),
  z.strictObject({ state: z.literal('refused'), intent: TxIntent, reason: z.string() }),
]);
export type TxRow = z.infer<typeof TxRow>;
export type Ended = Extract<TxRow, { state: 'included' | 'expired' | 'refused' }>;

export const hasEnded = (row: TxRow): row is Ended => row.state !== 'planned' && row.state !== 'batched';

/** One signed transaction that is not known to be in a block nor known to be dead. */
export const Batch = z.strictObject({
  /** `signed`: first broadcast under way or to come. `sent`: some node may hold it. */
  state: z.enum(['signed', 'sent']),
  /** Of the lease under which it was signed. */
  epoch: z.int(),
  /** TxRaw in base64: kept before the first broadcast, and the only bytes ever sent for this signature. */
  bytes: z.string(),
  hash: z.string(),
  /** Absent: unordered. */
  sequence: z.int().optional(),
  timeoutHeight: z.int(),
  members: z.array(Member).min(1),
});
export type Batch = z.infer<typeof Batch>;

/** The only row that a lane is fenced by: each step is a write on it, conditional on its version. */
export const LaneRow = z.strictObject({
  holder: z.string(),
  /** One more at each change of hands. */
  epoch: z.int(),
  /** The lease ends at this time (ms); 0 when it was given back. */
  untilMs: z.number(),
  /** Doublings of the gas price that code 13 has asked for; one less with each batch that got in. */
  bump: z.int(),
  /** Nothing is signed before the chain is above this height: after a clash, until the other's transaction is in a block. */
  waitHeight: z.int(),
  batches: z.array(Batch),
});
export type LaneRow = z.infer<typeof LaneRow>;

export const txKey = (txId: string): Key => ({ pk: `tx/${txId}`, sk: 'tx' });
export const laneKey = (chainId: string, address: string): Key => ({ pk: `lane/${chainId}/${address}`, sk: 'lane' });

/** Partition of the tokens of a principal's planned intents, earliest deadline first. Whoever deletes a token has the intent. */
export const waitingPartition = (principal: string): string => `waiting/${principal}`;
export const waitingKey = ({ signer, deadlineHeight, txId }: TxIntent): Key => ({
  pk: waitingPartition(signer),
  sk: `${String(deadlineHeight).padStart(12, '0')}/${txId}`,
});

/** Due list of intents that have not ended, by the time (ms) at which a sweep wakes them again. */
export const OPEN_TRANSACTIONS = 'open-transaction';
/** An intent that has not ended after this long is looked at again by the sweep. */
export const TX_SWEEP_MS = 15_000;

export const openDue = (nowMs: number) => ({ list: OPEN_TRANSACTIONS, at: nowMs + TX_SWEEP_MS });

/** Writes that plan an intent, to stand in the transaction of what caused it. */
export const planIntent = (intent: TxIntent, nowMs: number): Write[] => [
  {
    kind: 'put',
    key: txKey(intent.txId),
    body: { state: 'planned', intent, signatures: 0 } satisfies TxRow,
    due: openDue(nowMs),
    expect: 'absent',
  },
  {
    kind: 'put',
    key: waitingKey(intent),
    body: { txId: intent.txId, signatures: 0, outOfGas: 0 } satisfies Waiting,
    expect: 'absent',
  },
];
