import type { Manifest } from '../manifest.ts';
import type { TensorBundle } from '../tensors.ts';

/** What goes into or comes out of a stage: bytes at the model's two ends, tensors between stages. */
export type Value =
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  | { readonly kind: 'tensors'; readonly tensors: TensorBundle };

/** What codecs may read beside their input. */
export interface CodecContext {
  readonly manifest: Manifest;
  /** Bytes of a file of the manifest. @throws {BadInputError} `unknown-file` */
  file(name: string): Promise<Uint8Array>;
}

/**
 * Stage input to feeds. A graph of k inputs is run once for every k tensors, in order; so a bundle of n * k tensors is
 * n runs.
 * @throws {BadInputError} for input that will never work
 */
export type BeforeCodec = (input: Value, context: CodecContext) => Promise<TensorBundle>;

/** Outputs of all runs, in order, to the stage's output; `input` is the stage's own input. */
export type AfterCodec = (outputs: TensorBundle, input: Value, context: CodecContext) => Promise<Value>;
