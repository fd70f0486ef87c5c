import type { Context } from 'aws-lambda';
import type { AdvanceDeps } from '../../functions/advance-run/deps.ts';
import { createHandler as advanceHandler } from '../../functions/advance-run/handler.ts';
import { createHandler as webhookHandler } from '../../functions/deliver-webhook/handler.ts';
import type { DeliverDeps } from '../../functions/deliver-webhook/use-case.ts';
import { createHandler as reconcileHandler } from '../../functions/reconcile/handler.ts';
import { createHandler as relayHandler } from '../../functions/relay-outbox/handler.ts';
import type { SendDeps } from '../../functions/send-transaction/deps.ts';
import { createHandler as sendHandler } from '../../functions/send-transaction/handler.ts';
import type { StartJobDeps } from '../../functions/start-job/deps.ts';
import { createHandler as startHandler } from '../../functions/start-job/handler.ts';
import type { WatchDeps } from '../../functions/watch-chain/deps.ts';
import { createHandler as watchHandler } from '../../functions/watch-chain/handler.ts';
import type { Logger } from '../../shared/log.ts';
import { FUNCTION_QUEUES, type FunctionQueue } from '../../shared/messages/queues.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import { type BatchHandler, consumeOnce } from './consumer.ts';
import type { Loop } from './supervisor.ts';

export interface DeploymentDeps extends AdvanceDeps, SendDeps, StartJobDeps, WatchDeps, DeliverDeps {
  readonly chain: Chain;
  readonly queue: Queue;
  /** Account that settles what is overdue. */
  readonly operator: string;
  readonly overdueBlocks: number;
  readonly unsentAfterMs: number;
  readonly sweepEveryMs: number;
  readonly sweepHeights: number;
  readonly log: Logger;
}

/** The functions of one deployment as Lambda would hold them, called by whoever plays Lambda: loops here, a scheduler in simulation. */
export interface Deployment {
  /** @returns true when it stopped at its limit and more heights wait */
  watch(): Promise<boolean>;
  relay(): Promise<number>;
  reconcile(): Promise<void>;
  /** @returns messages received */
  consume(name: FunctionQueue, max: number): Promise<number>;
}

/** Handlers read nothing of Lambda's context but the time that is left, and locally there is no limit. */
const CONTEXT = { getRemainingTimeInMillis: () => 2 ** 31 - 1 } as Context;

export const createDeployment = (deps: DeploymentDeps): Deployment => {
  const { log } = deps;
  const watch = watchHandler(deps);
  const relay = relayHandler(deps);
  const sweep = reconcileHandler(deps);
  const handlers = {
    'advance-run': advanceHandler(deps, log.child({ function: 'advance-run' })),
    'start-job': startHandler(deps, log.child({ function: 'start-job' })),
    'send-transaction': sendHandler(deps, log.child({ function: 'send-transaction' })),
    'deliver-webhook': webhookHandler(deps, log.child({ function: 'deliver-webhook' })),
  } satisfies Record<FunctionQueue, unknown>;
  return {
    watch: async () => {
      const { covered, head } = await watch({}, CONTEXT);
      return covered < head;
    },
    relay: async () => (await relay({}, CONTEXT)).sent ?? 0,
    reconcile: async () => {
      await sweep({}, CONTEXT);
    },
    consume: (name, max) => {
      const handler: BatchHandler = (event) => handlers[name](event, CONTEXT);
      return consumeOnce(deps.queue, name, handler, max);
    },
  };
};

export interface LoopSettings {
  readonly watchMs: number;
  readonly reconcileMs: number;
  /** Transactions of this many accounts are sent at once. */
  readonly lanes: number;
}

/** Names under which loops are woken: 'watch', 'relay' and the queues' own. */
export const deploymentLoops = (deployment: Deployment, settings: LoopSettings): Loop[] => {
  const queueLoop = (name: FunctionQueue, max: number): Loop => ({
    name,
    turn: async () => (await deployment.consume(name, max)) > 0,
    idleMs: 250,
  });
  return [
    { name: 'watch', turn: () => deployment.watch(), idleMs: settings.watchMs },
    { name: 'relay', turn: async () => (await deployment.relay()) > 0, idleMs: 50 },
    {
      name: 'reconcile',
      turn: async () => {
        await deployment.reconcile();
        return false;
      },
      idleMs: settings.reconcileMs,
    },
    ...FUNCTION_QUEUES.flatMap((name): Loop[] => {
      // One message a turn on lanes: a group that waits for its block must not hold up the others.
      return name === 'send-transaction'
        ? Array.from({ length: settings.lanes }, () => queueLoop(name, 1))
        : [queueLoop(name, 10)];
    }),
  ];
};
