import { QuorateError } from '../errors.ts';

/** Absent now; another worker or the asker may still put it. */
export class BlobMissingError extends QuorateError {
  override readonly name = 'BlobMissingError';
  constructor(hash: string) {
    super('transient', 'blob-missing', `no blob ${hash}`, { details: { hash } });
  }
}
