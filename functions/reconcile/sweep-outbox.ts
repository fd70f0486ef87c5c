import { type RelayDeps, relayDue } from '../../shared/relay.ts';
import type { ReconcileDeps } from './deps.ts';

/**
 * Sends what was committed a while ago and still lies in the outbox: the stream lost it, or the relay could not send it then.
 * @returns how many messages were sent
 */
export const sweepOutbox = (deps: RelayDeps & Pick<ReconcileDeps, 'unsentAfterMs'>): Promise<number> =>
  relayDue(deps, deps.clock.nowMs() - deps.unsentAfterMs);
