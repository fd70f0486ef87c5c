import type { RunRef } from '../../shared/messages/ids.ts';
import type { Due, Write } from '../../shared/ports/store.ts';
import { nextTransition, TERMINAL } from '../../shared/protocol/lifecycle.ts';
import { nextPhaseHeight } from '../../shared/protocol/phase.ts';
import { MAX_ROUND } from '../../shared/protocol/sortition.ts';
import { RunRow, runKey, runWakes } from '../../shared/rows/run.ts';
import type { AdvanceDeps } from './deps.ts';
import { planEffect } from './effects.ts';
import { gatherFacts } from './facts.ts';
import type { QueryView } from './view.ts';

/** Most transitions in one go; the table has no longer path without waiting for something. */
const MAX_STEPS = 4;

/**
 * Moves one run as far as the facts allow: each transition is one transaction of the row and its effects, conditional on the
 * version read. A run that nobody created, or that has ended, is left alone.
 * @throws {ConditionFailedError} when another moved it meanwhile: the message comes again and finds that
 */
export const advanceRun = async (deps: AdvanceDeps, run: RunRef, view: QueryView): Promise<void> => {
  for (let step = 0; step < MAX_STEPS; step++) {
    const stored = await deps.store.get(runKey(run));
    if (!stored) return;
    const before = RunRow.parse(stored.body);
    if (TERMINAL.has(before.state)) return;
    const moved = await advanceOnce(deps, before, stored.version, stored.due, view);
    if (!moved) return;
  }
};

const advanceOnce = async (
  deps: AdvanceDeps,
  before: RunRow,
  version: number,
  wasDue: Due | undefined,
  view: QueryView,
): Promise<boolean> => {
  const { facts, row: known } = await gatherFacts(deps, before, view);
  const transition = nextTransition(before.state, facts);
  const height = view.head.height;
  let row = known;
  const writes: Write[] = [];
  if (transition) {
    for (const effect of transition.effects) {
      const planned = await planEffect(deps, effect, row, view);
      row = planned.row;
      writes.push(...planned.writes);
    }
    const ended = TERMINAL.has(transition.to) && row.reason === undefined;
    row = {
      ...row,
      state: transition.to,
      ...(ended && { reason: transition.because }),
      history: [...row.history, { state: transition.to, height, atMs: deps.clock.nowMs() }],
    };
  }
  const wake = TERMINAL.has(row.state) ? undefined : await wakeHeight(row, view);
  if (!transition && wake === wasDue?.at && JSON.stringify(row) === JSON.stringify(before)) return false;
  const due = wake === undefined ? {} : { due: { list: runWakes(row.run.chainId), at: wake } };
  await deps.store.transact([{ kind: 'put', key: runKey(row.run), body: row, ...due, expect: { version } }, ...writes]);
  return transition !== undefined;
};

/**
 * Block height after which the run is looked at again, whatever messages are lost: the end of the window, the next round, or
 * its turn to settle (promise P6). A transaction sent on seeing height h lands at h + 1, hence the - 1.
 */
const wakeHeight = async (row: RunRow, view: QueryView): Promise<number> => {
  const next = view.head.height + 1;
  const { query } = view;
  if (row.state === 'awaiting-settlement' && row.settleHeight !== undefined && row.settleHeight > next) {
    return row.settleHeight - 1;
  }
  const close = nextPhaseHeight(query, next) ?? next + 1;
  const { opening } = query;
  if (row.state !== 'waiting' || !opening || opening.round >= MAX_ROUND) return Math.max(close - 1, next);
  const { roundBlocks } = await view.windows();
  const round = opening.height + (opening.round + 1) * roundBlocks;
  return Math.max(Math.min(close - 1, round), next);
};
