import { join } from 'node:path';
import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import type { Logger } from '../../shared/log.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import type { Store } from '../../shared/ports/store.ts';
import { reportLost } from '../../shared/rows/report-lost.ts';
import { type Isolation, startWorkerHost, type WorkerHost } from '../../workers/inference/worker-host.ts';

/** A worker says nothing for this long only when it is dead. */
const LEASE_MS = 5_000;
const WORKERS = 2;
/** Graphs that a worker keeps loaded: all that affinity sends it. */
const MAX_SESSIONS = 4;

export interface LocalNode {
  readonly name: string;
  readonly signer: NodeSigner;
  readonly host: WorkerHost;
}

export interface NodeDeps {
  readonly keystore: Keystore;
  readonly dataDir: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isolation: Isolation;
}

/** Files of a deployment's data folder. */
export const paths = (dataDir: string) => ({
  chain: join(dataDir, 'chain.sqlite'),
  store: join(dataDir, 'backend.sqlite'),
  blobs: join(dataDir, 'blobs'),
  keystore: join(dataDir, 'keystore.json'),
  config: join(dataDir, 'devnet.json'),
  receipt: (queryId: number) => join(dataDir, `receipt-${queryId}.json`),
});

/** One node of this deployment: its keys and its workers. */
export const startNode = (name: string, deps: NodeDeps): LocalNode => {
  const { keystore, dataDir, store, clock, log, isolation } = deps;
  const signer = keystore.node(name);
  const files = paths(dataDir);
  const host = startWorkerHost({
    isolation,
    settings: {
      storePath: files.store,
      blobsFolder: files.blobs,
      name,
      address: signer.address,
      receiptSeed: keystore.receiptSeed(name),
      leaseMs: LEASE_MS,
      maxSessions: MAX_SESSIONS,
    },
    workers: WORKERS,
    onLost: ({ job, reason }) => {
      log.warn('a worker was lost', { node: name, stage: job.stage, epoch: job.epoch, reason });
      reportLost({ store, clock }, job).catch((error: unknown) => {
        // The lease runs out and reconcile finds it.
        log.error('the loss could not be written down', { node: name, error });
      });
    },
    onMoved: ({ model, because }) => log.info('stages moved', { node: name, model, because }),
  });
  return { name, signer, host };
};
