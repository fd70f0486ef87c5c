import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LINE_HEIGHT_PIXELS, lineWidth, recogniserInput } from '../../../shared/model/codecs/recogniser.ts';
import { asFloat32, encodeTensors, type TensorBundle } from '../../../shared/model/tensors.ts';
import { decodeTransfer, encodeTransfer, TRANSFERS, type Transfer } from '../../../shared/model/transfer/transfer.ts';
import type { TensorBytes } from '../../../shared/protocol/digest.ts';
import type { StageSession } from '../../../workers/inference/engine.ts';
import { installOcrModel } from '../../../workers/inference/install-ocr.ts';
import { modelFiles } from '../../../workers/inference/model-files.ts';
import { onnxEngine } from '../../../workers/inference/onnx-engine.ts';
import { decodeImage, scale } from '../../../workers/inference/pixels.ts';
import { drawText } from '../../../workers/inference/testdata/draw-text.ts';
import { memoryBlobs, seededRandom } from '../../contracts/fakes.ts';

const LINES = 200;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:-/';
const LIMITS = { mediaTypes: ['image/png' as const], maxBytes: 4_000_000, maxPixels: 4_000_000 };

/** Of each line of text: what the recogniser's first part gives, and its probabilities [1, columns, classes]. */
interface Line {
  readonly sent: TensorBundle;
  readonly exact: TensorBytes;
}

/** What travels between the two parts of the text recogniser, in each format: bytes, damage to the answer, speed. */
export const transferTable = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-transfer-'));
  const blobs = memoryBlobs();
  const { manifest } = await installOcrModel(blobs);
  const files = modelFiles(folder, blobs);
  const [, first, second] = await Promise.all(
    manifest.stages.map(async (stage) => onnxEngine.load(await files.open(stage), manifest.runtime)),
  );
  if (!first || !second) throw new RangeError('expected a model of three stages');
  const lines: Line[] = [];
  for (const feed of await lineImages()) {
    const sent = await first.run([feed]);
    lines.push({ sent, exact: await lastOf(second, sent) });
  }
  process.stdout.write(`${LINES} lines; error: mean |change| over mean probability\n`);
  for (const format of [undefined, ...TRANSFERS]) process.stdout.write(`${await row(format, lines, second)}\n`);
  await rm(folder, { recursive: true });
};

const lineImages = async (): Promise<TensorBytes[]> => {
  const random = seededRandom(1);
  const feeds: TensorBytes[] = [];
  for (let i = 0; i < LINES; i++) {
    const letters = Array.from({ length: 8 + random.below(28) }, () => LETTERS[random.below(LETTERS.length)]);
    const sizePixels = 18 + random.below(30);
    const line = { text: letters.join(''), leftPixels: 10, baselinePixels: Math.round(sizePixels * 1.2), sizePixels };
    const size = {
      widthPixels: Math.round(letters.length * sizePixels * 0.75) + 40,
      heightPixels: Math.round(sizePixels * 1.7),
    };
    const image = await decodeImage(await drawText({ ...size, lines: [line] }), LIMITS);
    const box = { left: 0, top: 0, right: image.width, bottom: image.height };
    feeds.push(recogniserInput(await scale(image, box, lineWidth(box), LINE_HEIGHT_PIXELS)));
  }
  return feeds;
};

const lastOf = async (session: StageSession, feeds: TensorBundle): Promise<TensorBytes> => {
  const [output] = await session.run(feeds);
  if (!output) throw new RangeError('expected one output');
  return output;
};

const row = async (format: Transfer | undefined, lines: readonly Line[], second: StageSession): Promise<string> => {
  const raw = encodeTensors(lines.flatMap(({ sent }) => sent)).length;
  const total = { bytes: 0, change: 0, most: 0, exact: 0, columns: 0, same: 0 };
  for (const { sent, exact } of lines) {
    const coded = format ? encodeTransfer(format, sent) : sent;
    total.bytes += encodeTensors(coded).length;
    const output = await lastOf(second, format ? decodeTransfer(format, coded) : coded);
    compare(asFloat32(exact), asFloat32(output), exact.dims[2] ?? 1, total);
  }
  return [
    (format ?? 'raw').padEnd(15),
    `${total.bytes} bytes, ${(raw / total.bytes).toFixed(2)}x fewer`,
    `error ${(total.change / total.exact).toExponential(1)}, most ${total.most.toExponential(1)}`,
    `same letter in ${((100 * total.same) / total.columns).toFixed(2)} % of ${total.columns} columns`,
    format ? speed(format, lines) : '',
  ].join('  ');
};

type Total = { change: number; most: number; exact: number; columns: number; same: number };
const compare = (exact: Float32Array, output: Float32Array, classes: number, total: Total): void => {
  for (const [i, probability] of exact.entries()) {
    const change = Math.abs(probability - (output[i] ?? Number.NaN));
    total.change += change;
    total.most = Math.max(total.most, change);
    total.exact += probability;
  }
  for (let at = 0; at < exact.length; at += classes) {
    total.columns += 1;
    if (likeliest(exact, at, classes) === likeliest(output, at, classes)) total.same += 1;
  }
};

const likeliest = (values: Float32Array, at: number, count: number): number => {
  const own = values.subarray(at, at + count);
  return own.indexOf(own.reduce((most, value) => Math.max(most, value)));
};

/** Best of a few passes, in megabytes of float32 a second: what else the machine does only slows it down. */
const speed = (format: Transfer, lines: readonly Line[]): string => {
  const bundle = lines.flatMap(({ sent }) => sent);
  const coded = encodeTransfer(format, bundle);
  const bytes = bundle.reduce((sum, { data }) => sum + data.length, 0);
  const best = (pass: () => void): string => {
    const times = Array.from({ length: 10 }, () => {
      const startedMs = performance.now();
      pass();
      return performance.now() - startedMs;
    });
    return (bytes / 1_000 / Math.min(...times)).toFixed(0);
  };
  return `encode ${best(() => encodeTransfer(format, bundle))} MB/s, decode ${best(() => decodeTransfer(format, coded))} MB/s`;
};
