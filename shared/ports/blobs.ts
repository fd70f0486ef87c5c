/** Immutable bytes named by their SHA-256 in lower-case hex. */
export interface Blobs {
  /** Durable when it resolves; the same bytes again are a no-op. @returns the hash */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws {BlobMissingError} when absent; {InvariantError} `blob-corrupt` when the stored bytes do not have this hash. */
  get(hash: string): Promise<Uint8Array>;
  /**
   * `sizeBytes` of the blob from `offsetBytes` on. Not checked against the blob's hash, which would need all of it:
   * whoever asks checks the range against a hash of its own.
   * @throws {BlobMissingError} when absent; {BadInputError} `bad-range` unless it is one byte or more within the blob
   */
  getRange(hash: string, offsetBytes: number, sizeBytes: number): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
}
