import { clearField } from '@bufbuild/protobuf';
import { BadInputError } from '../../errors.ts';
import { changed, invalidModel } from './model-file.ts';
import { type TensorProto, TensorProtoSchema } from './onnx_pb.ts';
import { claimedBytes, isExternal } from './tensor-data.ts';

/** A part of a file or blob. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Where the data of a tensor lie outside the graph's file. */
export interface ExternalData extends ByteRange {
  /** Path of the file beside the graph's, with slashes. */
  readonly location: string;
}

/** Size of a file beside the graph's in bytes; undefined when there is none. */
export type FileSize = (location: string) => number | undefined;

const entry = (tensor: TensorProto, key: string): string | undefined =>
  tensor.externalData.find((e) => e.key === key)?.value;

const folderPath = (tensor: TensorProto): string => {
  const given = entry(tensor, 'location') ?? '';
  const steps = given.split(/[/\\]/);
  const path = steps.filter((step) => step !== '.').join('/');
  if (path === '' || steps[0] === '' || steps.includes('..') || /^[a-z]:|\0/i.test(given)) {
    throw new BadInputError(
      'onnx-external-path',
      `tensor '${tensor.name.slice(0, 200)}' lies in '${given.slice(0, 200)}', which is no path inside the model's folder`,
      { next: "put the weights beside the model's file and save it again", details: { tensor: tensor.name } },
    );
  }
  return path;
};

const count = (tensor: TensorProto, key: string): number | undefined => {
  const text = entry(tensor, key);
  if (text === undefined || /^[0-9]{1,15}$/.test(text)) return text === undefined ? text : Number(text);
  const name = tensor.name.slice(0, 200);
  throw invalidModel('tensor-damaged', `tensor '${name}' has no whole number as ${key} of its data`, { tensor: name });
};

/**
 * Where the tensor's data lie (onnx.proto, external_data); undefined when they are in the graph's own file.
 * @throws {BadInputError} `onnx-external-path` for a path out of the model's folder; `tensor-damaged` when the range
 *   does not fit the tensor's type and dims
 */
export const externalData = (tensor: TensorProto): ExternalData | undefined => {
  if (!isExternal(tensor)) return;
  const location = folderPath(tensor);
  const claimed = claimedBytes(tensor);
  const sizeBytes = count(tensor, 'length') ?? claimed;
  if (sizeBytes === undefined || (claimed !== undefined && sizeBytes !== claimed)) {
    const name = tensor.name.slice(0, 200);
    throw invalidModel('tensor-damaged', `tensor '${name}' has ${claimed} bytes; its range has ${sizeBytes}`, {
      tensor: name,
    });
  }
  return { location, offsetBytes: count(tensor, 'offset') ?? 0, sizeBytes };
};

/**
 * @returns the size of the file that the data lie in
 * @throws {BadInputError} `weights-missing` naming the tensor
 */
export const assertPresent = (tensor: TensorProto, data: ExternalData, fileSize: FileSize): number => {
  const size = fileSize(data.location);
  const end = data.offsetBytes + data.sizeBytes;
  if (size !== undefined && end <= size) return size;
  const found = size === undefined ? 'is not there' : `has ${size} bytes`;
  throw new BadInputError(
    'weights-missing',
    `tensor '${tensor.name.slice(0, 200)}' needs bytes up to ${end} of '${data.location}', which ${found}`,
    { next: "put the whole weights file beside the model's file", details: { tensor: tensor.name, ...data } },
  );
};

/** The tensor with its data there instead of inside. */
export const withExternalData = (tensor: TensorProto, data: ExternalData): TensorProto => {
  const entries = { location: data.location, offset: data.offsetBytes, length: data.sizeBytes };
  const moved = changed(TensorProtoSchema, tensor, {
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
  });
  clearField(moved, TensorProtoSchema.field.rawData);
  return moved;
};
