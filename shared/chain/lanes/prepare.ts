import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AccountState, Head } from '../../ports/chain.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import type { Write } from '../../ports/store.ts';
import { ConditionFailedError } from '../../ports/store-errors.ts';
import { callMessages, signMessages, type TxFrame } from '../sign.ts';
import type { LaneDeps } from './deps.ts';
import { feeOf, gasLimitOf, priceFactor } from './fee.ts';
import { endCandidate, fitting, gather, takeWrite, tooLate } from './gather.ts';
import type { HeldLane } from './lease.ts';
import { type Batch, type TxRow, txKey } from './rows.ts';
import { type Priced, type Sized, trySimulate } from './simulate.ts';
import { mayBeUnordered, unorderedUntil } from './unordered.ts';

/**
 * Takes what waits into one more batch, and keeps its signed bytes. @returns true when anything changed
 * @throws {TransientError} `lease-lost`, `rpc-unavailable`
 */
export const prepareBatch = async (deps: LaneDeps, lane: HeldLane): Promise<boolean> => {
  try {
    return await prepare(deps, lane);
  } catch (error) {
    // Another lane of the same principal took one of them: look again.
    if (error instanceof ConditionFailedError) return true;
    throw error;
  }
};

const prepare = async (deps: LaneDeps, lane: HeldLane): Promise<boolean> => {
  const { chain, clock, signers, terms } = deps;
  const { address } = lane.account;
  const { batches } = lane.row;
  if (batches.length > 0 && (batches.length >= terms.maxUnordered || batches.some(isOrdered))) return false;
  let waiting = await gather(deps, address);
  if (waiting.length === 0) return false;
  if (terms.gatherMs > 0) {
    await clock.sleep(terms.gatherMs);
    waiting = await gather(deps, address);
  }
  const head = await chain.head();
  const late = waiting.flatMap((candidate) => {
    const reason = tooLate(candidate, head.height);
    return reason ? [endCandidate(deps, candidate, { state: 'expired', intent: candidate.intent, reason })] : [];
  });
  if (late.length > 0) return await end(lane, late);
  waiting = waiting.filter(({ token }) => head.height > (token.refusedHeight ?? 0));
  if (waiting.length === 0 || head.height <= lane.row.waitHeight) return false;

  const signer = signers.get(address);
  const account = signer && (await chain.account(address));
  if (!signer || !account) {
    const reason = signer
      ? `account ${address} does not exist: it has never received anything`
      : `this deployment has no key of ${address}`;
    const all = waiting.map((candidate) =>
      endCandidate(deps, candidate, { state: 'expired', intent: candidate.intent, reason }),
    );
    return await end(lane, all);
  }
  return await fill(deps, lane, { waiting: sized(deps, lane, waiting), head, signer, account });
};

const isOrdered = ({ sequence }: Batch): boolean => sequence !== undefined;

const end = async (
  lane: HeldLane,
  resolved: readonly { writes: readonly Write[]; ended: readonly string[] }[],
): Promise<true> => {
  await lane.save(
    {},
    resolved.flatMap(({ writes }) => writes),
    resolved.flatMap(({ ended }) => ended),
  );
  return true;
};

const sized = (
  { chain, terms }: LaneDeps,
  { account }: HeldLane,
  waiting: Awaited<ReturnType<typeof gather>>,
): Sized[] => {
  const frame: TxFrame = { contract: chain.contract, denom: terms.denom, timeoutHeight: 0 };
  return waiting.map((candidate) => {
    const { msg, fundsUnes, signer } = candidate.intent;
    const [message] = callMessages(account.address, [{ msg, fundsUnes, sender: signer }], frame) as [Any];
    return { ...candidate, message, sizeBytes: message.value.length + message.typeUrl.length };
  });
};

interface Filling {
  readonly waiting: readonly Sized[];
  readonly head: Head;
  readonly signer: AccountSigner;
  readonly account: AccountState;
}

const fill = async (deps: LaneDeps, lane: HeldLane, { waiting, head, signer, account }: Filling): Promise<boolean> => {
  const { chain, terms } = deps;
  const { feeGranter } = lane.account;
  const taken = fitting(waiting, terms.maxBytes);
  const timeoutHeight = Math.min(
    head.height + terms.timeoutBlocks,
    ...taken.map(({ intent }) => intent.deadlineHeight),
  );
  const base: TxFrame = {
    contract: chain.contract,
    denom: terms.denom,
    timeoutHeight,
    ...(feeGranter !== undefined && { feeGranter }),
  };
  const unordered = await mayBeUnordered(deps);
  const frame = unordered ? { ...base, unorderedUntil: unorderedUntil(deps, head) } : base;
  if (lane.row.batches.length > 0 && !unordered) return false;
  const tried = await trySimulate(deps, { signer, account, frame, height: head.height, taken });
  const { writes, ended } = tried;
  if (tried.outcome === 'priced') return await sign(deps, lane, tried, { signer, account, head, frame: tried.frame });
  const waitHeight = tried.outcome === 'clash' ? head.height : lane.row.waitHeight;
  if (writes.length === 0 && waitHeight === lane.row.waitHeight) return false;
  await lane.save({ waitHeight }, writes, ended);
  return ended.length > 0;
};

const sign = async (
  deps: LaneDeps,
  lane: HeldLane,
  { taken, gasUsed, writes, ended }: Priced,
  { signer, account, head, frame }: Omit<Filling, 'waiting'> & { readonly frame: TxFrame },
): Promise<true> => {
  const { chain, terms } = deps;
  const most = (of: (sized: Sized) => number): number => Math.max(...taken.map(of));
  const gasLimit = gasLimitOf(
    gasUsed,
    most(({ token }) => token.outOfGas),
    terms,
  );
  const urgency = {
    bump: lane.row.bump,
    signatures: most(({ token }) => token.signatures),
    blocksLeft: -most(({ intent }) => -intent.deadlineHeight) - head.height,
    urgentBlocks: terms.timeoutBlocks,
  };
  const feeUnes = feeOf(terms.gasPrice, priceFactor(urgency, 1_000 * terms.maxPriceFactor), gasLimit);
  const messages = taken.map(({ message }) => message);
  const { bytes, hash } = await signMessages(signer, account, messages, {
    ...frame,
    chainId: chain.chainId,
    gasLimit,
    feeUnes,
  });
  const batch: Batch = {
    state: 'signed',
    epoch: lane.row.epoch,
    bytes: Buffer.from(bytes).toString('base64'),
    hash,
    ...(!frame.unorderedUntil && { sequence: account.sequence }),
    timeoutHeight: frame.timeoutHeight,
    members: taken.map(({ token: { refusedHeight: _, ...history }, sizeBytes }) => ({ ...history, sizeBytes })),
  };
  const into = taken.flatMap((candidate): Write[] => {
    const { intent, due } = candidate;
    const body: TxRow = {
      state: 'batched',
      intent,
      lane: lane.account.address,
      hash,
      timeoutHeight: batch.timeoutHeight,
    };
    return [takeWrite(candidate), { kind: 'put', key: txKey(intent.txId), body, ...(due && { due }), expect: 'any' }];
  });
  await lane.save({ batches: [...lane.row.batches, batch] }, [...into, ...writes], ended);
  return true;
};
