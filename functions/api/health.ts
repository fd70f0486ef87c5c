import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import type { Head } from '../../shared/ports/chain.ts';
import { CursorRow, cursorKey } from '../../shared/rows/coverage.ts';
import type { ApiDeps } from './deps.ts';
import type { HealthView } from './schemas/operations.ts';

const headIfThere = async ({ chain }: ApiDeps): Promise<Head | undefined> => {
  try {
    return await chain.head();
  } catch {
    // What is wrong with the node is an answer here, not a failure.
    return undefined;
  }
};

const queueDepths = async ({ queue }: ApiDeps): Promise<HealthView['queues']> => {
  const names = Object.keys(QUEUES) as QueueName[];
  const depths = await Promise.all(names.map(async (name) => [name, await queue.depth(name)] as const));
  return Object.fromEntries(depths);
};

/** What an operator or an alarm looks at: is the chain seen, read and acted on? */
export const checkHealth = async (deps: ApiDeps): Promise<HealthView> => {
  const { store, chain, clock, config } = deps;
  const [head, cursorRow, [oldest], queues] = await Promise.all([
    headIfThere(deps),
    store.get(cursorKey(chain.chainId)),
    store.due(OUTBOX, clock.nowMs(), 1),
    queueDepths(deps),
  ]);
  const nowMs = clock.nowMs();
  const lastRead = cursorRow ? CursorRow.parse(cursorRow.body).next - 1 : null;
  const view: Omit<HealthView, 'status' | 'reasons'> = {
    chain: {
      chainId: chain.chainId,
      height: head?.height ?? null,
      headAgeMs: head ? Math.max(0, nowMs - head.timeMs) : null,
    },
    endpoints: [...(deps.endpoints?.() ?? [])],
    cursor: { lastReadHeight: lastRead, lagBlocks: head && lastRead !== null ? head.height - lastRead : null },
    outbox: { oldestUnsentAgeMs: oldest?.due ? Math.max(0, nowMs - oldest.due.at) : 0 },
    queues,
  };
  const reasons = reasonsOf(view, config.health);
  return { status: reasons.length === 0 ? 'ok' : 'unhealthy', reasons, ...view };
};

const reasonsOf = (
  { chain, endpoints, cursor, outbox, queues }: Omit<HealthView, 'status' | 'reasons'>,
  limits: ApiDeps['config']['health'],
): string[] => {
  const reasons: string[] = [];
  if (chain.headAgeMs === null) reasons.push('the chain node does not answer: check the RPC');
  else if (chain.headAgeMs > limits.headAgeMs) {
    reasons.push(
      `the newest block is ${Math.round(chain.headAgeMs / 1000)} s old: the node lags or the chain stands still`,
    );
  }
  if (endpoints.length > 0 && endpoints.every(({ state }) => state !== 'ready')) {
    reasons.push(
      `no RPC endpoint is ready: ${endpoints.map((e) => `${e.name} ${e.state} (${e.lastError})`).join(', ')}`,
    );
  }
  if (cursor.lastReadHeight === null) reasons.push('no block was read yet: check watch-chain');
  else if (cursor.lagBlocks !== null && cursor.lagBlocks > limits.cursorLagBlocks) {
    reasons.push(`watch-chain is ${cursor.lagBlocks} blocks behind`);
  }
  if (outbox.oldestUnsentAgeMs > limits.outboxAgeMs) {
    reasons.push(
      `an effect waits in the outbox for ${Math.round(outbox.oldestUnsentAgeMs / 1000)} s: check relay-outbox`,
    );
  }
  for (const [name, { dead }] of Object.entries(queues)) {
    if (dead > 0) reasons.push(`queue ${name} has ${dead} dead letters: mend the cause, then redrive`);
  }
  return reasons;
};
