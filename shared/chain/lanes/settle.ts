import { QuorateError, TransientError } from '../../errors.ts';
import type { BroadcastAnswer } from '../../ports/chain.ts';
import { classify } from './codes.ts';
import { type LaneDeps, MAX_SIGNATURES } from './deps.ts';
import { includedAs, resolve } from './end.ts';
import type { HeldLane } from './lease.ts';
import { type Fate, judge } from './outcome.ts';
import type { Batch } from './rows.ts';
import { forgetUnordered } from './unordered.ts';

/**
 * Sends what is signed and looks for what was sent. @returns true when anything changed
 * @throws {TransientError} `mempool-full`, `lease-lost`, `rpc-unavailable`
 */
export const settleBatches = async (deps: LaneDeps, lane: HeldLane): Promise<boolean> => {
  let changed = false;
  for (const batch of lane.row.batches.filter(({ state }) => state === 'signed')) {
    await send(deps, lane, batch);
    changed = true;
  }
  if (changed || lane.row.batches.length === 0) return changed;
  // The head is read before the look-up: absent after a head beyond the time-out height is absent for ever.
  const { height } = await deps.chain.head();
  if (height <= lane.lookedHeight) return false;
  lane.lookedHeight = height;
  for (const batch of lane.row.batches) changed = (await confirm(deps, lane, batch, height)) || changed;
  return changed;
};

const without = (lane: HeldLane, batch: Batch): Batch[] => lane.row.batches.filter(({ hash }) => hash !== batch.hash);

const send = async (deps: LaneDeps, lane: HeldLane, batch: Batch): Promise<void> => {
  const sent = lane.row.batches.map(
    (other): Batch => (other.hash === batch.hash ? { ...batch, state: 'sent' } : other),
  );
  // An unclear answer may hide an accepted transaction: from here on only its hash tells.
  const answer = await deps.chain.broadcast(Buffer.from(batch.bytes, 'base64')).catch(onlyTransient);
  const verdict = answer && classify(answer);
  if (!answer || verdict === 'accepted') return await lane.save({ batches: sent });
  if (verdict === 'same-bytes-later') throw new TransientError('mempool-full', answer.log.slice(0, 200));
  // Signed under an earlier lease, whose holder may have sent it: no refusal of now takes that back.
  if (batch.epoch !== lane.row.epoch) return await lane.save({ batches: sent });
  await refuse(deps, lane, batch, answer);
};

/** Refused at the door and never sent before: these bytes are in nobody's hands, so others may be signed at once. */
const refuse = async (deps: LaneDeps, lane: HeldLane, batch: Batch, answer: BroadcastAnswer): Promise<void> => {
  const verdict = classify(answer);
  const unordered = batch.sequence === undefined;
  const fates: Fate[] =
    verdict === 'ordered-only' && unordered
      ? batch.members.map((member) => ({ kind: 'again', member }))
      : judge(batch.members, answer);
  const reason = `refused with ${answer.codespace} code ${answer.code}: ${answer.log.slice(0, 300)}`;
  const { writes, ended } = await resolve(deps, batch, fates, (intent) => ({ state: 'refused', intent, reason }));
  if (verdict === 'ordered-only' && unordered) await forgetUnordered(deps);
  const capped = 2 ** lane.row.bump >= deps.terms.maxPriceFactor;
  const bump = verdict === 'more-fee' && !capped ? lane.row.bump + 1 : lane.row.bump;
  // A clash: what is true is the account on chain once the other's transaction is in a block, not the number in the error. And a
  // price that is refused at its highest may be enough in a later block.
  const wait = verdict === 'sign-again' || (verdict === 'more-fee' && capped);
  const waitHeight = wait ? (await deps.chain.head()).height : lane.row.waitHeight;
  await lane.save({ batches: without(lane, batch), bump, waitHeight }, writes, ended);
};

/** Included, or certainly dead, or nothing is known yet. */
const confirm = async (deps: LaneDeps, lane: HeldLane, batch: Batch, height: number): Promise<boolean> => {
  const tx = await deps.chain.transaction(batch.hash);
  if (tx) {
    const { writes, ended } = await resolve(deps, batch, judge(batch.members, tx), includedAs(batch, tx));
    await lane.save({ batches: without(lane, batch), bump: Math.max(0, lane.row.bump - 1) }, writes, ended);
    return true;
  }
  // One block is left to indexing.
  if (height <= batch.timeoutHeight + 1) return false;
  const fates = batch.members.map((member): Fate => {
    const signatures = member.signatures + 1;
    return signatures < MAX_SIGNATURES ? { kind: 'again', member: { ...member, signatures } } : { kind: 'failed' };
  });
  const reason = `signed ${MAX_SIGNATURES} times without getting into a block`;
  const { writes, ended } = await resolve(deps, batch, fates, (intent) => ({ state: 'expired', intent, reason }));
  await lane.save({ batches: without(lane, batch) }, writes, ended);
  return true;
};

/** The same bytes again: the node that took them may have lost them with its mempool. */
export const sendAgain = async (deps: LaneDeps, lane: HeldLane): Promise<void> => {
  for (const { bytes } of lane.row.batches)
    await deps.chain.broadcast(Buffer.from(bytes, 'base64')).catch(onlyTransient);
};

const onlyTransient = (error: unknown): undefined => {
  if (error instanceof QuorateError && error.family === 'transient') return undefined;
  throw error;
};
