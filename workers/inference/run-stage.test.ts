import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AdvanceMessage } from '../../shared/messages/advance.ts';
import { STAGE_LEASES, type StageJob, StageState, stageKey } from '../../shared/messages/stage-job.ts';
import { encodeManifest } from '../../shared/model/manifest.ts';
import { bundleDigest, decodeTensors, encodeTensors } from '../../shared/model/tensors.ts';
import { TRANSFERS, type Transfer } from '../../shared/model/transfer/transfer.ts';
import { OUTBOX, type OutboxEntry } from '../../shared/outbox.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { decodeSignedReceipt, encodeReceipt } from '../../shared/protocol/receipt.ts';
import { replace } from '../../test/jobs/replace.ts';
import type { StageSession } from './engine.ts';
import { inlineHost } from './inline-host.ts';
import { runKnownAnswer } from './known-answer.ts';
import { modelFiles } from './model-files.ts';
import { onnxEngine } from './onnx-engine.ts';
import { runStage } from './run-stage.ts';
import { ADDRESS, jobsOf, openWorkbench, type Workbench } from './testdata/bench-worker.ts';
import { installSharedWeights, sharedAnswer, WIDTH } from './testdata/shared-weights.ts';
import { installTinyModel, tinyAnswer } from './testdata/tiny-model.ts';

const INPUT = Uint8Array.of(0, 1, 2, 84, 85, 255);
let bench: Workbench;
let model: string;
let jobs: StageJob[];

beforeEach(async () => {
  bench = await openWorkbench();
  ({ model } = await installTinyModel(bench.worker.blobs));
  jobs = jobsOf(model, await bench.worker.blobs.put(INPUT), 2);
});
afterEach(() => bench.close());

const stateOf = async (stage: number): Promise<StageState> =>
  StageState.parse((await bench.worker.store.get(stageKey(jobs[0]!.run, stage)))?.body);
const doneState = async (stage: number) => {
  const state = await stateOf(stage);
  if (state.state !== 'done') throw new Error(`stage ${stage} is ${state.state}`);
  return state;
};
const outbox = async () =>
  (await bench.worker.store.due<OutboxEntry>(OUTBOX, Number.MAX_SAFE_INTEGER, 100)).map((row) => row.body);
const again = (stage: number, epoch: number, hash: string): StageJob => ({
  ...jobs[stage]!,
  epoch,
  input: { from: 'blob', hash },
});

const given = (input: Uint8Array, sealed: Promise<boolean> = Promise.resolve(true)) => ({
  handedOver: { take: () => input, sealed },
});

/** An engine whose runs call `during` first, as time or another worker would act meanwhile. */
const interrupted = (during: () => Promise<void>) => ({
  ...bench.worker,
  engine: {
    load: async (...args: Parameters<typeof onnxEngine.load>): Promise<StageSession> => {
      const session = await onnxEngine.load(...args);
      return {
        ...session,
        run: async (feeds) => {
          await during();
          return session.run(feeds);
        },
      };
    },
  },
});

describe('a run of two stages', () => {
  it('gives the result, roots that join, and receipts that verify', async () => {
    expect(await inlineHost(bench.worker).start(jobs)).toEqual({ outcome: 'started' });
    const [first, second] = [await doneState(0), await doneState(1)];
    expect(first.inRoot).toBe(toHex(rawDigest(INPUT)));
    expect(second.inRoot).toBe(first.outRoot);
    const answer = tinyAnswer(INPUT);
    expect(second.outRoot).toBe(toHex(rawDigest(answer)));
    expect(new Uint8Array(await bench.worker.blobs.get(second.output))).toEqual(answer);
    for (const state of [first, second]) {
      const { receipt, signature } = decodeSignedReceipt(await bench.worker.blobs.get(state.receipt));
      expect(ed25519.verify(signature, encodeReceipt(receipt), bench.receiptKey)).toBe(true);
      expect(receipt).toMatchObject({ node: ADDRESS, stage: state.job.stage, stages: 2, units: 1, attempt: 0 });
      expect([toHex(receipt.inRoot), toHex(receipt.outRoot)]).toEqual([state.inRoot, state.outRoot]);
      expect(receipt.runtimeClass).toBe(
        `onnxruntime-node-1.30.0/cpu/basic/threads-1/sharp-0.35.5/${process.platform}-${process.arch}`,
      );
    }
  });

  it('wakes the state machine once, after the last stage', async () => {
    await runStage(jobs[0]!, bench.worker);
    expect(await outbox()).toEqual([]);
    await inlineHost(bench.worker).start(jobs);
    await inlineHost(bench.worker).start(jobs);
    const entries = await outbox();
    expect(entries.map((entry) => entry.queue)).toEqual(['advance-run']);
    expect(AdvanceMessage.parse(JSON.parse(entries[0]!.message.body))).toEqual({
      kind: 'stage',
      run: jobs[0]!.run,
      stage: 1,
    });
  });

  it('leaves no lease behind', async () => {
    await inlineHost(bench.worker).start(jobs);
    expect(await bench.worker.store.due(STAGE_LEASES, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
  });

  it('computes the known answer', async () => {
    expect(await runKnownAnswer(model, bench.worker)).toMatchObject({ equal: true });
  });
});

describe('a stage whose output travels coded', () => {
  /** 256 values: the shortest that are coded. */
  const input = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
  /** The tiny model with this transfer from its first stage to its second. */
  const installed = async (transfer: Transfer): Promise<StageJob[]> => {
    const { blobs } = bench.worker;
    const { manifest } = await installTinyModel(blobs);
    const stages = manifest.stages.map((stage, i) => (i === 0 ? { ...stage, transfer } : stage));
    model = await blobs.put(encodeManifest({ ...manifest, stages }));
    jobs = jobsOf(model, await blobs.put(input), 2);
    return jobs;
  };

  it.each(TRANSFERS)('%s: sends fewer bytes, over which the roots of both ends are', async (transfer) => {
    await inlineHost(bench.worker).start(await installed(transfer));
    const [first, second] = [await doneState(0), await doneState(1)];
    const sent = decodeTensors(await bench.worker.blobs.get(first.output));
    expect(sent.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(600);
    expect(toHex(bundleDigest(sent))).toBe(first.outRoot);
    expect(second.inRoot).toBe(first.outRoot);
  });

  it('computes the same answer where all values have halves', async () => {
    await inlineHost(bench.worker).start(await installed('fp16/v1'));
    expect((await doneState(1)).outRoot).toBe(toHex(rawDigest(tinyAnswer(input))));
    expect(await runKnownAnswer(model, bench.worker)).toMatchObject({ equal: true });
  });

  it('fails for good on a bundle that was receipted but does not decode', async () => {
    const { blobs, store } = bench.worker;
    await runStage((await installed('int8-blocks/v1'))[0]!, bench.worker);
    const broken = decodeTensors(await blobs.get((await doneState(0)).output)).slice(0, -1);
    const output = await blobs.put(encodeTensors(broken));
    const body = { ...(await doneState(0)), output, outRoot: toHex(bundleDigest(broken)) };
    await store.transact([{ kind: 'put', key: stageKey(jobs[0]!.run, 0), body, expect: 'any' }]);
    expect(await runStage(again(1, 1, output), bench.worker)).toMatchObject({
      outcome: 'failed',
      code: 'tensors-damaged',
    });
  });
});

describe('claims', () => {
  it('answers a duplicate of a done job with its output, writing nothing', async () => {
    const first = await runStage(jobs[0]!, bench.worker);
    const before = await bench.worker.store.get(stageKey(jobs[0]!.run, 0));
    const second = await runStage(jobs[0]!, bench.worker);
    expect(second.outcome).toBe('done');
    expect(second.outcome === 'done' && first.outcome === 'done' && Buffer.compare(second.output, first.output)).toBe(
      0,
    );
    expect(await bench.worker.store.get(stageKey(jobs[0]!.run, 0))).toEqual(before);
  });

  it('refuses an older epoch, whatever the row says', async () => {
    const newer = { ...jobs[0]!, epoch: 2 };
    const rows: StageState[] = [
      { state: 'claimed', job: newer, worker: 'other', leaseUntilMs: 1 },
      { state: 'failed', job: newer, worker: 'other', code: 'x', reason: 'y' },
      {
        state: 'done',
        job: newer,
        worker: 'other',
        inRoot: 'ab'.repeat(32),
        outRoot: 'ab'.repeat(32),
        output: 'ab'.repeat(32),
        receipt: 'ab'.repeat(32),
      },
    ];
    for (const body of rows) {
      await bench.worker.store.transact([{ kind: 'put', key: stageKey(newer.run, 0), body, expect: 'any' }]);
      expect(await runStage(jobs[0]!, bench.worker)).toEqual({
        outcome: 'refused',
        reason: 'epoch 2 has begun; this job is of epoch 1',
      });
      expect(await stateOf(0)).toEqual(body);
    }
  });

  it('takes over from an older epoch, whatever the row says', async () => {
    const body: StageState = { state: 'claimed', job: jobs[0]!, worker: 'other', leaseUntilMs: 9e12 };
    await bench.worker.store.transact([{ kind: 'put', key: stageKey(jobs[0]!.run, 0), body, expect: 'any' }]);
    expect(await runStage(jobs[0]!, bench.worker)).toEqual({ outcome: 'refused', reason: 'worker other runs it' });
    expect((await runStage({ ...jobs[0]!, epoch: 2 }, bench.worker)).outcome).toBe('done');
  });

  it('lets one of two at once have the stage', async () => {
    const outcomes = await Promise.all([
      runStage(jobs[0]!, bench.worker),
      runStage(jobs[0]!, { ...bench.worker, worker: 'bench/1' }),
    ]);
    expect(outcomes.map((o) => o.outcome).sort()).toEqual(['done', 'refused']);
  });

  it('redoes a stage in the next epoch with the same out_root', async () => {
    await inlineHost(bench.worker).start(jobs);
    const before = [await doneState(0), await doneState(1)] as const;
    expect((await runStage({ ...jobs[0]!, epoch: 2 }, bench.worker)).outcome).toBe('done');
    expect((await runStage(again(1, 2, before[0].output), bench.worker)).outcome).toBe('done');
    const after = [await doneState(0), await doneState(1)] as const;
    expect(after.map((s) => [s.outRoot, s.output])).toEqual(before.map((s) => [s.outRoot, s.output]));
    expect(after.map((s) => s.job.epoch)).toEqual([2, 2]);
  });
});

describe('a lost lease', () => {
  it('writes nothing when a newer epoch took the stage meanwhile', async () => {
    let newer: StageState | undefined;
    const worker = interrupted(async () => {
      if (newer) return;
      newer = { state: 'claimed', job: { ...jobs[0]!, epoch: 2 }, worker: 'other', leaseUntilMs: 1 };
      await bench.worker.store.transact([{ kind: 'put', key: stageKey(jobs[0]!.run, 0), body: newer, expect: 'any' }]);
    });
    expect(await runStage(jobs[0]!, worker)).toMatchObject({ outcome: 'lease-lost' });
    expect(await stateOf(0)).toEqual(newer);
    expect(await outbox()).toEqual([]);
  });

  it('is noticed when a long stage renews', async () => {
    let runs = 0;
    const worker = interrupted(async () => {
      runs += 1;
      bench.clock.ms += 31_000;
      const body: StageState = { state: 'claimed', job: { ...jobs[0]!, epoch: 2 }, worker: 'other', leaseUntilMs: 1 };
      await bench.worker.store.transact([{ kind: 'put', key: stageKey(jobs[0]!.run, 0), body, expect: 'any' }]);
    });
    expect(await runStage(jobs[0]!, worker)).toMatchObject({ outcome: 'lease-lost' });
    expect(runs).toBe(1);
    expect(await stateOf(0)).toMatchObject({ worker: 'other' });
  });

  it('is kept by renewing when half of it is gone', async () => {
    const seen: number[] = [];
    const worker = interrupted(async () => {
      bench.clock.ms += 31_000;
    });
    const put = bench.worker.blobs.put.bind(bench.worker.blobs);
    const watching = {
      ...worker,
      blobs: replace(bench.worker.blobs, {
        put: async (bytes: Uint8Array) => {
          const state = await stateOf(0);
          if (state.state === 'claimed') seen.push(state.leaseUntilMs);
          return put(bytes);
        },
      }),
    };
    expect((await runStage(jobs[0]!, watching)).outcome).toBe('done');
    expect(seen).toEqual([1_091_000, 1_091_000]);
  });
});

describe('a first load that takes longer than the lease', () => {
  /** Each range of weights takes 40 of the lease's 60 s, those fetched side by side too. */
  const slowLoad = async (stage: number, meanwhile: () => Promise<void> = async () => {}) => {
    const { model } = await installSharedWeights(bench.worker.blobs);
    const input = Uint8Array.from({ length: WIDTH }, (_, i) => i);
    jobs = jobsOf(model, await bench.worker.blobs.put(input), 2);
    const { blobs } = bench.worker;
    const slow = replace(blobs, {
      getRange: async (...args) => {
        const bytes = await blobs.getRange(...args);
        bench.clock.ms += 40_000;
        await meanwhile();
        return bytes;
      },
    });
    const files = modelFiles(`${bench.folder}/slow-${stage}`, slow);
    return { input, worker: { ...bench.worker, modelFiles: files } };
  };

  it('keeps it', async () => {
    const { input, worker } = await slowLoad(1);
    const first = await runStage(jobs[0]!, bench.worker);
    if (first.outcome !== 'done') throw new Error(first.outcome);
    const second = await runStage(jobs[1]!, worker, given(first.output));
    expect(second).toMatchObject({ outcome: 'done', output: sharedAnswer(input) });
  });

  it('is renewed meanwhile', async () => {
    const untils: number[] = [];
    const { worker } = await slowLoad(0);
    const store = replace(bench.worker.store, {
      transact: async (writes) => {
        await bench.worker.store.transact(writes);
        const state = await stateOf(0);
        if (state.state === 'claimed') untils.push(state.leaseUntilMs);
      },
    });
    expect(await runStage(jobs[0]!, { ...worker, store })).toMatchObject({ outcome: 'done' });
    expect(untils).toEqual([1_060_000, 1_100_000]);
  });

  it('ends when another has taken the stage over', async () => {
    const { worker } = await slowLoad(0, async () => {
      const body: StageState = { state: 'claimed', job: { ...jobs[0]!, epoch: 2 }, worker: 'other', leaseUntilMs: 1 };
      await bench.worker.store.transact([{ kind: 'put', key: stageKey(jobs[0]!.run, 0), body, expect: 'any' }]);
    });
    expect(await runStage(jobs[0]!, worker)).toMatchObject({ outcome: 'lease-lost' });
    expect(await stateOf(0)).toMatchObject({ worker: 'other' });
  });
});

describe('input', () => {
  it('that will never work fails the stage for good, with a message', async () => {
    const tooLong = await bench.worker.blobs.put(new Uint8Array(5000));
    const result = await runStage(again(0, 1, tooLong), bench.worker);
    expect(result).toMatchObject({ outcome: 'failed', code: 'input-too-large' });
    expect(await stateOf(0)).toMatchObject({ state: 'failed', code: 'input-too-large' });
    expect((await outbox()).map((e) => e.queue)).toEqual(['advance-run']);
    expect(await runStage(again(0, 1, tooLong), bench.worker)).toMatchObject({ outcome: 'refused' });
  });

  it('other than what the stage before gave is refused', async () => {
    await runStage(jobs[0]!, bench.worker);
    const other = jobsOf(model, await bench.worker.blobs.put(Uint8Array.of(9)), 2, { queryId: 2 });
    const foreign = await runStage(other[0]!, bench.worker);
    if (foreign.outcome !== 'done') throw new Error(foreign.outcome);
    await expect(runStage(jobs[1]!, bench.worker, given(foreign.output))).rejects.toMatchObject({
      code: 'in-root-differs',
      family: 'invariant',
    });
    expect((await stateOf(1)).state).toBe('claimed');
  });

  it('damaged on the way does not fail the run for good', async () => {
    const first = await runStage(jobs[0]!, bench.worker);
    if (first.outcome !== 'done') throw new Error(first.outcome);
    await expect(runStage(jobs[1]!, bench.worker, given(first.output.subarray(0, 20)))).rejects.toMatchObject({
      code: 'in-root-differs',
    });
  });

  it('that is not there yet may come later', async () => {
    await expect(runStage(again(0, 1, 'cd'.repeat(32)), bench.worker)).rejects.toMatchObject({ code: 'blob-missing' });
    await expect(runStage(jobs[1]!, bench.worker)).rejects.toMatchObject({ code: 'hand-over-missing' });
  });

  it('of a stage whose predecessor is not done is refused', async () => {
    await expect(runStage(jobs[1]!, bench.worker, given(INPUT))).rejects.toMatchObject({
      code: 'stage-before-not-done',
    });
  });
});

describe('what is handed over before it is written down', () => {
  it('is computed with at once, and written down after the stage before', async () => {
    const sealed = Promise.withResolvers<boolean>();
    const outputs = [Promise.withResolvers<Uint8Array>(), Promise.withResolvers<Uint8Array>()] as const;
    const blocked = Promise.withResolvers<void>();
    const slow = replace(bench.worker.blobs, {
      put: async (bytes: Uint8Array) => {
        await blocked.promise;
        return bench.worker.blobs.put(bytes);
      },
    });
    const first = runStage(jobs[0]!, { ...bench.worker, blobs: slow }, { onOutput: outputs[0].resolve });
    const input = await outputs[0].promise;
    const second = runStage(jobs[1]!, bench.worker, {
      ...given(input, sealed.promise),
      onOutput: outputs[1].resolve,
    });
    expect(await outputs[1].promise).toEqual(tinyAnswer(INPUT));
    expect([(await stateOf(0)).state, (await stateOf(1)).state]).toEqual(['claimed', 'claimed']);
    blocked.resolve();
    expect((await first).outcome).toBe('done');
    sealed.resolve(true);
    expect((await second).outcome).toBe('done');
    expect((await doneState(1)).inRoot).toBe((await doneState(0)).outRoot);
  });

  it('leads to nothing when the stage before is never written down', async () => {
    const first = await runStage(jobs[0]!, bench.worker);
    if (first.outcome !== 'done') expect.fail(first.outcome);
    await bench.worker.store.transact([{ kind: 'delete', key: stageKey(jobs[0]!.run, 0), expect: 'any' }]);
    const second = runStage(jobs[1]!, bench.worker, given(first.output, Promise.resolve(false)));
    await expect(second).rejects.toMatchObject({ code: 'stage-before-not-done' });
    expect((await stateOf(1)).state).toBe('claimed');
  });

  it('is not computed again when the stage before is redone with the same bytes', async () => {
    let computed = 0;
    const counting = interrupted(async () => {
      computed += 1;
    });
    const first = await runStage(jobs[0]!, bench.worker);
    if (first.outcome !== 'done') expect.fail(first.outcome);
    const row = (await bench.worker.store.get(stageKey(jobs[0]!.run, 0)))!;
    await bench.worker.store.transact([{ kind: 'delete', key: stageKey(jobs[0]!.run, 0), expect: 'any' }]);
    const lost = runStage(jobs[1]!, counting, given(first.output, Promise.resolve(false)));
    await expect(lost).rejects.toMatchObject({ code: 'stage-before-not-done' });
    await bench.worker.store.transact([
      { kind: 'put', key: stageKey(jobs[0]!.run, 0), body: row.body, expect: 'absent' },
    ]);
    const redone = { ...jobs[1]!, epoch: 2 };
    expect((await runStage(redone, counting, given(first.output))).outcome).toBe('done');
    const another = { ...redone, run: { ...redone.run, queryId: 2 } };
    await expect(runStage(another, counting, given(first.output))).rejects.toMatchObject({
      code: 'stage-before-not-done',
    });
    expect(computed).toBe(2);
  });

  it('lets one stage at a time compute, and others be written down meanwhile', async () => {
    const blocked = Promise.withResolvers<void>();
    const slow = replace(bench.worker.blobs, {
      put: async (bytes: Uint8Array) => {
        await blocked.promise;
        return bench.worker.blobs.put(bytes);
      },
    });
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(compute: () => Promise<T>): Promise<T> => {
      const turn = last.then(compute);
      last = turn.catch(() => undefined);
      return turn;
    };
    const others = jobsOf(model, await bench.worker.blobs.put(Uint8Array.of(9)), 2, { queryId: 2 });
    const first = runStage(jobs[0]!, { ...bench.worker, blobs: slow }, { inTurn });
    expect((await runStage(others[0]!, bench.worker, { inTurn })).outcome).toBe('done');
    expect((await stateOf(0)).state).toBe('claimed');
    blocked.resolve();
    expect((await first).outcome).toBe('done');
  });
});
