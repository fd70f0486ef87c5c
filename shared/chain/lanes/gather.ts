import type { Due, Write } from '../../ports/store.ts';
import { type LaneDeps, MAX_MESSAGES, MAX_SIGNATURES, principalsOf } from './deps.ts';
import { endWrites, type Resolved, readTx } from './end.ts';
import { type Ended, type TxIntent, Waiting, waitingKey, waitingPartition } from './rows.ts';

/** A planned intent and its token as they were read. */
export interface Candidate {
  readonly intent: TxIntent;
  readonly token: Waiting;
  readonly version: number;
  /** Where the sweep finds the intent's row. */
  readonly due?: Due;
}

/** Planned intents that this account may take, nearest deadline first. */
export const gather = async (deps: LaneDeps, address: string): Promise<Candidate[]> => {
  const limit = Math.min(deps.terms.maxMessages, MAX_MESSAGES);
  const lists = await Promise.all(
    principalsOf(deps, address).map((principal) => deps.store.list(waitingPartition(principal), { limit })),
  );
  const rows = lists.flat().sort((a, b) => (a.sk < b.sk ? -1 : 1));
  const found = await Promise.all(
    rows.slice(0, limit).map(async ({ body, version }) => {
      const token = Waiting.parse(body);
      const { row, due } = await readTx(deps, token.txId);
      // Taken between the two reads.
      return row.state === 'planned' ? [{ intent: row.intent, token, version, ...(due && { due }) }] : [];
    }),
  );
  return found.flat();
};

/** The token is the intent: who deletes it at the version that was read has it alone. */
export const takeWrite = ({ intent, version }: Candidate): Write => ({
  kind: 'delete',
  key: waitingKey(intent),
  expect: { version },
});

export const endCandidate = (deps: LaneDeps, candidate: Candidate, row: Ended): Resolved => ({
  writes: [takeWrite(candidate), ...endWrites(deps, row)],
  ended: [candidate.intent.txId],
});

/** Why it can never be sent any more, if so. */
export const tooLate = ({ intent, token }: Candidate, height: number): string | undefined => {
  if (height >= intent.deadlineHeight) return `height ${height}: too late for deadline ${intent.deadlineHeight}`;
  if (token.signatures >= MAX_SIGNATURES) return `signed ${token.signatures} times without getting into a block`;
  return undefined;
};

/**
 * A simulation runs at the height of the last block and a message at a later one, where a window may just have opened; and a node
 * may lag. So a refusal counts when it comes again at a later height.
 */
export const refuseCandidate = (deps: LaneDeps, candidate: Candidate, height: number, log: string): Resolved => {
  const { intent, token, version } = candidate;
  if (token.refusedHeight === undefined) {
    const body: Waiting = { ...token, refusedHeight: height };
    return { writes: [{ kind: 'put', key: waitingKey(intent), body, expect: { version } }], ended: [] };
  }
  return endCandidate(deps, candidate, { state: 'refused', intent, reason: `in simulation: ${log.slice(0, 500)}` });
};

/** The first ones that one transaction may hold: by what each has been through, and by bytes. */
export const fitting = <T extends Candidate & { readonly sizeBytes: number }>(
  candidates: readonly T[],
  maxBytes: number,
): T[] => {
  let most = candidates.length;
  let bytes = 0;
  const taken: T[] = [];
  for (const candidate of candidates) {
    most = Math.min(most, candidate.token.together ?? most);
    bytes += candidate.sizeBytes;
    if (taken.length >= most || (taken.length > 0 && bytes > maxBytes)) break;
    taken.push(candidate);
  }
  return taken;
};
