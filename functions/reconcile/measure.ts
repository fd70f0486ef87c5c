import { QuorateError } from '../../shared/errors.ts';
import { noMetrics } from '../../shared/metrics.ts';
import { OUTBOX } from '../../shared/outbox.ts';
import type { ReconcileDeps } from './deps.ts';

/** What alarms look at once a minute, after the sweeps have done what they could. A chain that cannot be asked is another alarm's. */
export const measure = async ({
  store,
  chain,
  clock,
  operator,
  metrics = noMetrics,
}: Pick<ReconcileDeps, 'store' | 'chain' | 'clock' | 'operator' | 'metrics'>): Promise<void> => {
  const nowMs = clock.nowMs();
  const [oldest] = await store.due(OUTBOX, nowMs, 1);
  metrics.gauge('OutboxAgeSeconds', oldest?.due ? Math.max(0, nowMs - oldest.due.at) / 1_000 : 0);
  try {
    metrics.gauge('SignerBalanceUnes', Number(await chain.balanceUnes(operator)));
  } catch (error) {
    if (!(error instanceof QuorateError) || error.family !== 'transient') throw error;
  }
};
