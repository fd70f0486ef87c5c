import { safeGet, safePost } from '../../shared/adapters/http/safe-post.ts';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue, releaseInFlight } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import type { LaneDeps, LaneTerms } from '../../shared/chain/lanes/deps.ts';
import type { Logger } from '../../shared/log.ts';
import { isOutboxKey } from '../../shared/outbox.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { BlockSource } from '../../shared/ports/block-source.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { JobHost } from '../../shared/ports/job-host.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Isolation } from '../../workers/inference/worker-host.ts';
import { createDeployment, deploymentLoops } from './deployment.ts';
import { type LocalNode, paths, startNode } from './node.ts';
import { DEVNET, LANE_TERMS } from './settings.ts';
import { type Loop, supervise } from './supervisor.ts';

/** Longest that stopping waits for stages in flight. */
const DRAIN_MS = 10_000;

export interface Backend {
  readonly store: Store;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly nodes: readonly LocalNode[];
  /** Looks at the chain now: what a block's doorbell calls. */
  look(): void;
  /** Drains: no new work begins, running work ends, workers stop. */
  stop(): Promise<void>;
}

export interface BackendOptions {
  readonly dataDir: string;
  readonly keystore: Keystore;
  readonly chain: Chain;
  /** The endpoints behind it one by one, for blocks to be compared. */
  readonly sources?: readonly BlockSource[];
  readonly nodeNames: readonly string[];
  /** Default: threads. */
  readonly isolation?: Isolation;
  readonly log: Logger;
  /** Loops of the composition's own, run by the same supervisor. */
  readonly loops: readonly Loop[];
  /** Stands between a node and its workers: faults. */
  readonly hostOf?: (node: LocalNode) => JobHost;
  /** Other terms for sending than the devnet's. */
  readonly terms?: Partial<LaneTerms>;
  /** Accounts that sign for nodes, by a node's address; a node that is not named signs for itself. */
  readonly lanes?: LaneDeps['lanes'];
}

/** All functions of one deployment in this process, on SQLite and files, with real workers. */
export const startBackend = (options: BackendOptions): Backend => {
  const { dataDir, keystore, chain, sources, nodeNames, isolation = 'threads', log, loops, hostOf } = options;
  const [clock, random] = [systemClock, systemRandom];
  const files = paths(dataDir);
  const database = openDatabase(files.store);
  let wake = (_name: string): void => undefined;
  const store = openSqliteStore(database, {
    onCommit: (writes) => {
      if (writes.some(({ key }) => isOutboxKey(key))) wake('relay');
    },
  });
  // The folder's lock says that no other process is alive on it.
  releaseInFlight(database);
  const queue = openSqliteQueue(database, { clock, random, wake: (name) => wake(name) });
  const blobs = openFileBlobs(files.blobs);
  const nodes = nodeNames.map((name) => startNode(name, { keystore, dataDir, store, clock, log, isolation }));
  const operator = keystore.account('operator');
  const api = keystore.account('api');
  let pass = 0;
  const deployment = createDeployment({
    store,
    queue,
    blobs,
    chain,
    ...(sources && { sources }),
    clock,
    random,
    log,
    nodes: new Map(nodes.map(({ signer }) => [signer.address, signer])),
    places: new Map(nodes.map((node) => [node.signer.address, { threads: hostOf?.(node) ?? node.host }])),
    signers: new Map([operator, api, ...nodes.map(({ signer }) => signer)].map((signer) => [signer.address, signer])),
    operator: operator.address,
    settleSpreadBlocks: 3,
    overdueBlocks: 12,
    unsentAfterMs: DEVNET.unsentAfterMs,
    sweepEveryMs: DEVNET.sweepEveryMs,
    sweepHeights: DEVNET.sweepHeights,
    terms: { ...LANE_TERMS, pollMs: 100, maxPolls: 30, ...options.terms },
    ...(options.lanes && { lanes: options.lanes }),
    claimWithinMs: 5_000,
    fetchInput: (uri, maxBytes) => safeGet(uri, { maxBytes, allowLoopbackHttp: true }),
    post: safePost({ allowLoopbackHttp: true }),
    startHeight: 1,
    passId: () => `${process.pid}-${pass++}`,
  });
  const settings = { watchMs: 2 * DEVNET.blockMs, reconcileMs: 5_000, lanes: nodes.length + 2 };
  const supervisor = supervise([...loops, ...deploymentLoops(deployment, settings)], { clock, log });
  wake = supervisor.wake;
  return {
    store,
    queue,
    blobs,
    nodes,
    look: () => supervisor.wake('watch'),
    stop: async () => {
      await supervisor.stop();
      await Promise.all(nodes.map(({ host }) => host.stop(DRAIN_MS)));
      database.close();
    },
  };
};
