import middy from '@middy/core';
import { type RelayDeps, relayOutbox } from './use-case.ts';

/**
 * Woken by the store's stream and by the sweep. The stream's records are only a doorbell: what is unsent is read from the
 * outbox itself, so a lost, doubled or poisoned record loses nothing.
 */
export const createHandler = (deps: RelayDeps) =>
  middy(async (): Promise<{ sent: number }> => ({ sent: await relayOutbox(deps) }));
