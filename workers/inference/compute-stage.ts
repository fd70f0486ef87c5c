import { BadInputError } from '../../shared/errors.ts';
import type { CodecContext, Value } from '../../shared/model/codecs/codec.ts';
import type { Manifest, ManifestRuntime, ManifestStage } from '../../shared/model/manifest.ts';
import { bundleDigest, decodeTensors, encodeTensors, type TensorBundle } from '../../shared/model/tensors.ts';
import { decodeTransfer, encodeTransfer } from '../../shared/model/transfer/transfer.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { afterCodec, beforeCodec } from './codecs.ts';
import type { InferenceEngine, StageSession } from './engine.ts';
import type { ModelFiles } from './model-files.ts';
import type { SessionCache } from './sessions.ts';

export interface StageMachine {
  readonly blobs: Blobs;
  readonly modelFiles: ModelFiles;
  readonly engine: InferenceEngine;
  readonly sessions: SessionCache;
}

export interface StageTask {
  readonly manifest: Manifest;
  /** What this machine runs it with. */
  readonly runtime: ManifestRuntime;
  readonly stage: number;
  /** The model's input for stage 0, else what the stage before gave. */
  readonly input: Uint8Array;
}

export interface StageResult {
  /** Result digest of the output (docs/protocol.md section 1), lower-case hex; computed when first asked for. */
  readonly outRoot: () => string;
  /**
   * Activations for the next stage, or the result's bytes after the last. In a buffer of its own unless it is the
   * result.
   */
  readonly output: Uint8Array;
  /** Runs of the graph: what receipts count as work. */
  readonly units: number;
}

/** Digest of what goes into a stage: of raw bytes for the model's input, of tensors after that. */
export const stageInputRoot = (stage: number, input: Uint8Array): string =>
  toHex(stage === 0 ? rawDigest(input) : bundleDigest(decodeTensors(input)));

/**
 * Computes one stage: before-codec, graph, after-codec. Touches nothing but blobs of the model.
 * @param between called while the model's files are fetched, before each run of the graph and after the last: where a
 *   lease is renewed
 * @throws {BadInputError} for a model or input that will never work
 */
export const computeStage = async (
  machine: StageMachine,
  task: StageTask,
  between: () => Promise<void>,
): Promise<StageResult> => {
  const { manifest, runtime, stage: index } = task;
  const stage = stageOf(manifest, index);
  const input: Value = index === 0 ? rawInput(manifest, task.input) : received(manifest, index, task.input);
  const context = codecContext(manifest, machine.blobs);
  const feeds = await beforeCodec(stage.before)(input, context);
  const { outputs, units } = await machine.sessions.with(
    `${stage.shard}/${runtime.class}`,
    async () => machine.engine.load(await machine.modelFiles.open(stage, between), runtime),
    (session) => runAll(session, feeds, between),
  );
  await between();
  const value = sent(stage, await afterCodec(stage.after)(outputs, input, context));
  const last = index === manifest.stages.length - 1;
  let root: string | undefined;
  const outRoot = (): string => {
    root ??= rootOf(value);
    return root;
  };
  return { outRoot, output: bytesOf(value, last), units };
};

const stageOf = (manifest: Manifest, index: number): ManifestStage => {
  const stage = manifest.stages[index];
  if (stage) return stage;
  throw new BadInputError('unknown-stage', `the model has ${manifest.stages.length} stages; received stage ${index}`, {
    next: 'place the run again with the stages of its model',
  });
};

const rawInput = (manifest: Manifest, bytes: Uint8Array): Value => {
  const { maxBytes } = manifest.input;
  if (bytes.length <= maxBytes) return { kind: 'raw', bytes };
  throw new BadInputError('input-too-large', `the input has ${bytes.length} bytes; at most ${maxBytes} are allowed`, {
    next: 'send a smaller input',
    details: { bytes: bytes.length, maxBytes },
  });
};

const received = ({ stages }: Manifest, index: number, bytes: Uint8Array): Value => {
  const transfer = stages[index - 1]?.transfer;
  const tensors = decodeTensors(bytes);
  return { kind: 'tensors', tensors: transfer ? decodeTransfer(transfer, tensors) : tensors };
};

/** Roots are over what is sent, so that the stages at both ends digest the same bytes. */
const sent = ({ transfer }: ManifestStage, value: Value): Value =>
  transfer && value.kind === 'tensors' ? { kind: 'tensors', tensors: encodeTransfer(transfer, value.tensors) } : value;

const codecContext = (manifest: Manifest, blobs: Blobs): CodecContext => ({
  manifest,
  file: async (name) => {
    const file = manifest.files.find((f) => f.name === name);
    if (file) return blobs.get(file.hash);
    throw new BadInputError('unknown-file', `the manifest has no file '${name}'`, {
      next: 'add the file to the manifest',
    });
  },
});

const runAll = async (
  session: StageSession,
  feeds: TensorBundle,
  between: () => Promise<void>,
): Promise<{ outputs: TensorBundle; units: number }> => {
  const width = session.inputs.length;
  if (width === 0 || feeds.length % width !== 0) {
    throw new BadInputError('run-failed', `the graph has ${width} inputs; received ${feeds.length} tensors`, {
      next: "correct the manifest's codecs",
    });
  }
  const outputs: TensorBundle[] = [];
  for (let at = 0; at < feeds.length; at += width) {
    await between();
    outputs.push(await session.run(feeds.slice(at, at + width)));
  }
  return { outputs: outputs.flat(), units: outputs.length };
};

const rootOf = (value: Value): string =>
  toHex(value.kind === 'raw' ? rawDigest(value.bytes) : bundleDigest(value.tensors));

const bytesOf = (value: Value, last: boolean): Uint8Array => {
  if (value.kind === 'raw' && last) return value.bytes;
  if (value.kind === 'tensors' && !last) return encodeTensors(value.tensors);
  throw new BadInputError(
    'codec-does-not-fit',
    last ? 'the last stage must give bytes; it gave tensors' : 'only the last stage may give bytes',
    { next: "correct the manifest's stages" },
  );
};
