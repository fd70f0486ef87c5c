import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519 } from '@noble/curves/ed25519.js';
import { openFileBlobs } from '../../../shared/adapters/local/file-blobs.ts';
import { openSqliteStore } from '../../../shared/adapters/local/sqlite-store.ts';
import type { StageJob } from '../../../shared/messages/stage-job.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import { modelFiles } from '../model-files.ts';
import { onnxEngine } from '../onnx-engine.ts';
import type { StageWorker } from '../run-stage.ts';
import { sessionCache } from '../sessions.ts';
import { unsealedResults } from '../unsealed.ts';

/** A worker on the real adapters in a folder of its own, with a clock that the test moves. */
export interface Workbench {
  readonly worker: StageWorker;
  readonly folder: string;
  readonly storePath: string;
  readonly blobsFolder: string;
  readonly clock: Clock & { ms: number };
  readonly receiptSeed: Uint8Array;
  readonly receiptKey: Uint8Array;
  close(): Promise<void>;
}

export const ADDRESS = 'quorate1testnode';

export const openWorkbench = async (): Promise<Workbench> => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-inference-'));
  const storePath = join(folder, 'store.sqlite');
  const blobsFolder = join(folder, 'blobs');
  const store = openSqliteStore(storePath);
  const blobs = openFileBlobs(blobsFolder);
  const receiptSeed = new Uint8Array(32).fill(7);
  const clock = { ms: 1_000_000, nowMs: () => clock.ms, sleep: async () => {} };
  const sessions = sessionCache(4);
  return {
    folder,
    storePath,
    blobsFolder,
    clock,
    receiptSeed,
    receiptKey: ed25519.getPublicKey(receiptSeed),
    worker: {
      store,
      blobs,
      modelFiles: modelFiles(join(folder, 'models'), blobs),
      clock,
      engine: onnxEngine,
      sessions,
      unsealed: unsealedResults(),
      signer: { address: ADDRESS, signReceipt: async (bytes) => ed25519.sign(bytes, receiptSeed) },
      worker: 'bench/0',
      leaseMs: 60_000,
    },
    close: async () => {
      await sessions.clear();
      store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** The jobs of one run: the first stage named reads `input` from blobs, the others take what is handed over. */
export const jobsOf = (
  model: string,
  input: string,
  stages: number,
  over: { queryId?: number; from?: number; epoch?: number } = {},
): StageJob[] =>
  Array.from({ length: stages - (over.from ?? 0) }, (_, i) => ({
    run: { chainId: 'quorate-test-1', queryId: over.queryId ?? 1, attempt: 0, node: ADDRESS },
    queryHash: 'ab'.repeat(32),
    model,
    stage: i + (over.from ?? 0),
    stages,
    epoch: over.epoch ?? 1,
    input: i === 0 ? { from: 'blob' as const, hash: input } : { from: 'previous' as const },
  }));
