import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ed25519 } from '@noble/curves/ed25519.js';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { modelFiles } from './model-files.ts';
import { onnxEngine } from './onnx-engine.ts';
import type { StageWorker } from './run-stage.ts';
import { serveJobs } from './serve-jobs.ts';
import { sessionCache } from './sessions.ts';
import { unsealedResults } from './unsealed.ts';
import type { WorkerSettings } from './worker-messages.ts';

/** Entry of a compute thread: composes a stage worker from what its host passed (WorkerSettings) and serves jobs. */

if (!parentPort) throw new TypeError('worker.ts runs as a worker thread: start it through worker-host.ts');

const settings: WorkerSettings = workerData;

const blobs = openFileBlobs(settings.blobsFolder);

const machine: Omit<StageWorker, 'worker'> = {
  store: openSqliteStore(settings.storePath),
  blobs,
  modelFiles: modelFiles(join(settings.blobsFolder, '../models'), blobs),
  clock: systemClock,
  engine: onnxEngine,
  sessions: sessionCache(settings.maxSessions),
  unsealed: unsealedResults(),
  signer: {
    address: settings.address,
    signReceipt: async (bytes) => ed25519.sign(bytes, settings.receiptSeed),
  },
  leaseMs: settings.leaseMs,
};

serveJobs(parentPort, machine, () => process.exit(1));
