import { z } from 'zod';
import { BadInputError } from '../errors.ts';
import { hashFrame, toHex, utf8 } from '../protocol/encoding.ts';

/** What running a model once costs, and what passes between its nodes. */
export interface Profile {
  /** Per compute node, named by `nodeKey`, the time of one run in milliseconds. */
  readonly nodes: Readonly<Record<string, number>>;
  /**
   * Per tensor that is fed or that a node makes; not initialisers. A text in `dims` is a symbolic dimension,
   * `sizeBytes` is at the profile's own input sizes.
   */
  readonly tensors: Readonly<Record<string, ProfiledTensor>>;
}

export interface ProfiledTensor {
  readonly dtype: string;
  readonly dims: readonly (number | string)[];
  readonly sizeBytes: number;
}

const FORMAT = 'quorate/profile/v1';
const dim = z.int().nonnegative();

const ProfileFile = z.strictObject({
  format: z.literal(FORMAT),
  modelHash: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'),
  /** Of the machine that measured, or for which an analytic profile is. */
  runtimeClass: z.string().min(1),
  /** The fed tensors that the profile is for. */
  inputs: z.record(z.string(), z.strictObject({ dtype: z.string(), dims: z.array(dim) })),
  how: z.enum(['measured', 'analytic']),
  profile: z.strictObject({
    nodes: z.record(z.string(), z.number().nonnegative()),
    tensors: z.record(
      z.string(),
      z.strictObject({ dtype: z.string(), dims: z.array(z.union([dim, z.string().min(1)])), sizeBytes: dim }),
    ),
  }),
});

/** A profile as it is stored, with what it was made from. */
export interface ProfileFile {
  readonly format: typeof FORMAT;
  readonly modelHash: string;
  readonly runtimeClass: string;
  readonly inputs: Readonly<Record<string, { readonly dtype: string; readonly dims: readonly number[] }>>;
  readonly how: 'measured' | 'analytic';
  readonly profile: Profile;
}

const check = (value: unknown): ProfileFile => {
  const result = ProfileFile.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const message = issue?.message.toLowerCase() ?? 'not valid';
  throw invalid(`profile field ${issue?.path.join('.') || 'the whole'}: ${message}`, result.error);
};

const invalid = (message: string, cause: unknown): BadInputError =>
  new BadInputError('profile-invalid', message, { next: 'measure the model again', cause });

/** JSON in UTF-8. @throws {BadInputError} `profile-invalid`, naming the field */
export const encodeProfile = (file: ProfileFile): Uint8Array => utf8(JSON.stringify(check(file)));

/** @throws {BadInputError} `profile-invalid`, naming the field */
export const parseProfile = (bytes: Uint8Array): ProfileFile => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(`these ${bytes.length} bytes are not JSON in UTF-8`, cause);
  }
  return check(value);
};

/**
 * Names the profile of a model in a runtime class at the given sizes of free dimensions, 64 lower-case hex digits.
 * The order in which `dims` lists its names does not count.
 */
export const profileKey = (
  modelHash: string,
  runtimeClass: string,
  dims: Readonly<Record<string, number>> = {},
): string => {
  const sizes = Object.keys(dims)
    .sort()
    .map((name) => [name, dims[name]]);
  return toHex(hashFrame(FORMAT, [modelHash, runtimeClass, JSON.stringify(sizes)].map(utf8)));
};
