import { BadInputError } from '../../shared/errors.ts';
import type { AfterCodec, BeforeCodec, CodecContext, Value } from '../../shared/model/codecs/codec.ts';
import { joinLines, readKeys } from '../../shared/model/codecs/ctc.ts';
import { detectorInput, detectorSize, textBoxes } from '../../shared/model/codecs/detector.ts';
import { readingOrder } from '../../shared/model/codecs/reading-order.ts';
import {
  assertLineCount,
  LINE_HEIGHT_PIXELS,
  lineBox,
  lineWidth,
  recogniserInput,
  splitRows,
  withRows,
} from '../../shared/model/codecs/recogniser.ts';
import { asFloat32, decodeTensors, encodeTensors, type TensorBundle } from '../../shared/model/tensors.ts';
import { decodeImage, scale } from './pixels.ts';

/** Name of the manifest's file that holds the recogniser's characters. */
export const KEYS_FILE = 'keys.txt';

const raw = (value: Value): Uint8Array => {
  if (value.kind === 'raw') return value.bytes;
  throw wrongKind('bytes', 'tensors');
};

const tensors = (value: Value): TensorBundle => {
  if (value.kind === 'tensors') return value.tensors;
  throw wrongKind('tensors', 'bytes');
};

const wrongKind = (wanted: string, received: string): BadInputError =>
  new BadInputError('codec-does-not-fit', `this codec takes ${wanted}, its stage received ${received}`, {
    next: "correct the manifest's stages",
  });

const image = (input: Value, { manifest }: CodecContext) => {
  if (manifest.input.kind !== 'image') throw wrongKind('an image', manifest.input.kind);
  return decodeImage(raw(input), manifest.input);
};

/** Image to float32 [1, 3, h, w]. */
const imageToDetector: BeforeCodec = async (input, context) => {
  const whole = await image(input, context);
  const { width, height } = detectorSize(whole.width, whole.height);
  return [detectorInput(await scale(whole, full(whole), width, height))];
};

const full = ({ width, height }: { width: number; height: number }) => ({
  left: 0,
  top: 0,
  right: width,
  bottom: height,
});

/** Map of probabilities [1, 1, h, w] to lines [1, 3, 48, w] in reading order and their rows. */
const detectorToLines: AfterCodec = async ([map], input, context) => {
  const [, , height = 0, width = 0] = map?.dims ?? [];
  if (map?.dims.length !== 4) throw wrongKind('one map of probabilities', `[${map?.dims}]`);
  const whole = await image(input, context);
  const rows = readingOrder(textBoxes(asFloat32(map), { width, height }, whole));
  const placed = rows.flatMap((boxes, row) => boxes.map((box) => ({ box: lineBox(box, whole), row })));
  assertLineCount(placed.length);
  const lines = await Promise.all(placed.map(({ box }) => scale(whole, box, lineWidth(box), LINE_HEIGHT_PIXELS)));
  return {
    kind: 'tensors',
    tensors: withRows(
      lines.map(recogniserInput),
      placed.map(({ row }) => row),
    ),
  };
};

const withoutRows: BeforeCodec = async (input) => splitRows(tensors(input)).lines;

const keepRows: AfterCodec = async (outputs, input) => ({
  kind: 'tensors',
  tensors: [...outputs, splitRows(tensors(input)).rows],
});

const ctcToText: AfterCodec = async (outputs, input, context) => {
  const keys = readKeys(await context.file(KEYS_FILE));
  const text = joinLines(outputs, splitRows(tensors(input)).numbers, keys);
  return { kind: 'raw', bytes: new TextEncoder().encode(text) };
};

const bytesToTensor: BeforeCodec = async (input) => {
  const data = raw(input);
  return [{ dtype: 'uint8', dims: [1, data.length], data }];
};

const tensorToBytes: AfterCodec = async ([tensor]) => {
  if (tensor?.dtype !== 'uint8') throw wrongKind('one uint8 tensor', tensor?.dtype ?? 'none');
  return { kind: 'raw', bytes: tensor.data };
};

/** Tensors as an asker encodes them (encodeTensors): for graphs that need no codec of their own. */
const bytesToBundle: BeforeCodec = async (input) => decodeTensors(raw(input));

const bundleToBytes: AfterCodec = async (outputs) => ({ kind: 'raw', bytes: encodeTensors(outputs) });

const BEFORE: Readonly<Record<string, BeforeCodec>> = {
  'image-to-detector/v1': imageToDetector,
  'without-rows/v1': withoutRows,
  'bytes-to-tensor/v1': bytesToTensor,
  'bytes-to-bundle/v1': bytesToBundle,
};

const AFTER: Readonly<Record<string, AfterCodec>> = {
  'detector-to-lines/v1': detectorToLines,
  'keep-rows/v1': keepRows,
  'ctc-to-text/v1': ctcToText,
  'tensor-to-bytes/v1': tensorToBytes,
  'bundle-to-bytes/v1': bundleToBytes,
};

const find = <T>(codecs: Readonly<Record<string, T>>, id: string): T => {
  const codec = Object.hasOwn(codecs, id) ? codecs[id] : undefined;
  if (codec) return codec;
  throw new BadInputError('unknown-codec', `no codec '${id}'; this worker has ${Object.keys(codecs).join(', ')}`, {
    next: 'run a release that has this codec',
  });
};

/** @throws {BadInputError} `unknown-codec` */
export const beforeCodec = (id: string | null): BeforeCodec =>
  id === null ? async (input) => tensors(input) : find(BEFORE, id);

/** @throws {BadInputError} `unknown-codec` */
export const afterCodec = (id: string | null): AfterCodec =>
  id === null ? async (outputs) => ({ kind: 'tensors', tensors: outputs }) : find(AFTER, id);
