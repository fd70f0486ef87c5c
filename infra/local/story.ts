import { RunRef, runId } from '../../shared/messages/ids.ts';
import { StageState, stageKey } from '../../shared/messages/stage-job.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Store } from '../../shared/ports/store.ts';
import { vrfVerify } from '../../shared/protocol/ecvrf.ts';
import { fromHex } from '../../shared/protocol/encoding.ts';
import { decodeSignedReceipt } from '../../shared/protocol/receipt.ts';
import { alphaOf } from '../../shared/protocol/sortition.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import { EventRow, eventsPartition } from '../../shared/rows/coverage.ts';
import { RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { amount, type Say, short } from './say.ts';

export interface StoryDeps {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly say: Say;
  /** How people call an address. */
  readonly nameOf: (address: string) => string;
}

const POLL_MS = 50;

/** Tells what happens to a query as it happens, from the contract's events and the workers' rows, until it is final. */
export const tellStory = async (deps: StoryDeps, queryId: number, signal: AbortSignal): Promise<QueryState> => {
  const told = new Set<string>();
  const once = async (id: string, tell: () => Promise<void> | void): Promise<void> => {
    if (told.has(id)) return;
    told.add(id);
    await tell();
  };
  for (;;) {
    const query = await deps.chain.query(queryId);
    for (const row of await deps.store.list(eventsPartition(deps.chain.chainId, queryId), { limit: 500 })) {
      const event = EventRow.parse(row.body);
      await once(event.id, () => tellEvent(deps, event));
    }
    for (const row of await deps.store.list(runsOfQuery(deps.chain.chainId, queryId), { limit: 100 })) {
      await tellRun(deps, RunRef.parse(row.body), once);
    }
    if (query?.outcome && told.has(`${queryId}/final`)) return query;
    // One more turn after the outcome, so that the last events are told.
    if (query?.outcome) told.add(`${queryId}/final`);
    await deps.clock.sleep(query?.outcome ? 6 * POLL_MS : POLL_MS, signal);
  }
};

type Once = (id: string, tell: () => Promise<void> | void) => Promise<void>;

const tellRun = async (deps: StoryDeps, run: RunRef, once: Once): Promise<void> => {
  const { store, blobs, chain, say, nameOf } = deps;
  const stored = await store.get(runKey(run));
  const row = stored && RunRow.parse(stored.body);
  if (!row) return;
  const name = nameOf(run.node);
  const { draw } = row;
  if (draw) {
    await once(`${runId(run)}/draw`, async () => {
      const state = await chain.draw(run.queryId, run.node);
      const node = await chain.node(run.node);
      const beta =
        node && vrfVerify(fromHex(node.vrfPublicKey), alphaOf(fromHex(state.seed), draw.round), fromHex(draw.proof));
      const chance = Math.min(1, (state.seats * Number(state.weight) * 2 ** draw.round) / Number(state.totalWeight));
      say(
        'committee',
        `${name} drawn in round ${draw.round} (chance ${Math.round(100 * chance)} %), VRF proof ${beta ? 'checked' : 'WRONG'}`,
      );
    });
  }
  for (const stageRow of await store.list(stageKey(run, 0).pk, { prefix: 'stage/', limit: 100 })) {
    const stage = StageState.parse(stageRow.body);
    if (stage.state !== 'done') continue;
    await once(`${runId(run)}/stage/${stage.job.stage}`, async () => {
      const { receipt } = decodeSignedReceipt(await blobs.get(stage.receipt));
      const again = stage.job.epoch > 1 ? `, redone in epoch ${stage.job.epoch}` : '';
      const took = `${receipt.endedMs - receipt.startedMs} ms`;
      say(
        'stage',
        `${name} stage ${receipt.stage + 1}/${receipt.stages} on worker ${stage.worker}: ${took}, out ${short(stage.outRoot)}${again}`,
      );
    });
  }
  if (row.state === 'failed' || row.state === 'missed') {
    await once(`${runId(run)}/end`, () => say('run', `${name} ${row.state}: ${row.reason ?? ''}`));
  }
};

const tellEvent = ({ say, nameOf }: StoryDeps, { kind, attributes: a }: EventRow): void => {
  const who = nameOf(a.node ?? a.agent ?? '');
  const unes = amount(a.amount ?? '0');
  const lines: Readonly<Record<string, readonly [label: string, text: string]>> = {
    opened: ['opened', `attempt ${a.attempt}: the commit window is open, seed ${short(a.seed ?? '')}`],
    committed: ['commit', `${who} committed`],
    revealed: ['reveal', `${who}: ${a.outcome}`],
    settled: ['settled', `${a.outcome}: ${a.majority} of ${a.committed} members agree`],
    paid: ['paid', `${who} ${unes}`],
    slashed: ['slashed', `${who} ${unes} (${a.outcome})`],
    reopened: ['reopened', `no majority: attempt ${a.attempt} with a new committee`],
    refunded: ['refunded', `${unes} to the asker (${a.reason})`],
  };
  const line = lines[kind];
  // Members race to settle; the later ones succeed and do nothing.
  if (line && a.outcome !== 'noop') say(...line);
};
