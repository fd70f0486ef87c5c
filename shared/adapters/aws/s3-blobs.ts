import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { InvariantError } from '../../errors.ts';
import { BlobMissingError } from '../../ports/blob-errors.ts';
import type { Blobs } from '../../ports/blobs.ts';
import type { Clock, Random } from '../../ports/clock.ts';
import { badRange, checkHash, checkRange } from '../limits/blob-limits.ts';
import { awsErrorName, fromAws } from './aws-errors.ts';
import { backOff } from './back-off.ts';

/** While others put the same blob at the same moment. */
const MAX_TRIES = 6;

const ABSENT = new Set(['NoSuchKey', 'NotFound']);
/** Another put the same name meanwhile. */
const OVERTAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

export interface S3BlobsOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** For back-off and the names of writes. */
  readonly clock: Clock;
  readonly random: Random;
}

interface Range {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

const toBase64 = (hash: string): string => Buffer.from(hash, 'hex').toString('base64');

class S3Blobs implements Blobs {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor({ client, bucket, clock, random }: S3BlobsOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#clock = clock;
    this.#random = random;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = createHash('sha256').update(bytes).digest('hex');
    for (let tried = 1; ; tried += 1) {
      try {
        // A look costs a twelfth of a put, and honest nodes compute the same bytes.
        const there = await this.#checksum(hash);
        if (there !== toBase64(hash)) await this.#put(hash, bytes, there === undefined ? { IfNoneMatch: '*' } : {});
        return hash;
      } catch (error) {
        if (!OVERTAKEN.has(awsErrorName(error)) || tried >= MAX_TRIES) throw fromAws(error, 'put a blob');
        await backOff(this.#clock, this.#random, tried);
      }
    }
  }

  async get(hash: string): Promise<Uint8Array> {
    const bytes = await this.#read(checkHash(hash));
    const actual = createHash('sha256').update(bytes).digest('hex');
    if (actual === hash) return bytes;
    throw new InvariantError('blob-corrupt', `the stored bytes of blob ${hash} hash to ${actual}`, {
      next: 'Put the same bytes again, and find out what besides Quorate writes to the bucket.',
      details: { hash, actual },
    });
  }

  async getRange(hash: string, offsetBytes: number, sizeBytes: number): Promise<Uint8Array> {
    checkHash(hash);
    checkRange(offsetBytes, sizeBytes);
    const bytes = await this.#read(hash, { offsetBytes, sizeBytes });
    // Of a range that ends beyond the object, S3 gives what there is.
    if (bytes.length !== sizeBytes) throw badRange(offsetBytes, sizeBytes);
    return bytes;
  }

  async has(hash: string): Promise<boolean> {
    checkHash(hash);
    try {
      return (await this.#checksum(hash)) !== undefined;
    } catch (error) {
      throw fromAws(error, 'look for a blob');
    }
  }

  async #read(hash: string, range?: Range): Promise<Uint8Array> {
    const part = range && { Range: `bytes=${range.offsetBytes}-${range.offsetBytes + range.sizeBytes - 1}` };
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: hash, ...part }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
    } catch (error) {
      const name = awsErrorName(error);
      if (range && name === 'InvalidRange') throw badRange(range.offsetBytes, range.sizeBytes);
      throw ABSENT.has(name) ? new BlobMissingError(hash) : fromAws(error, 'read a blob');
    }
  }

  async #put(hash: string, bytes: Uint8Array, condition: { readonly IfNoneMatch?: string }): Promise<void> {
    const checksum = { ChecksumAlgorithm: 'SHA256', ChecksumSHA256: toBase64(hash) } as const;
    await this.#client.send(
      new PutObjectCommand({ Bucket: this.#bucket, Key: hash, Body: bytes, ...checksum, ...condition }),
    );
  }

  /** SHA-256 of what lies under the name, as S3 computed it when it was put: '' if it did not, undefined where there is nothing. */
  async #checksum(hash: string): Promise<string | undefined> {
    const head = new HeadObjectCommand({ Bucket: this.#bucket, Key: hash, ChecksumMode: 'ENABLED' });
    try {
      return (await this.#client.send(head)).ChecksumSHA256 ?? '';
    } catch (error) {
      if (ABSENT.has(awsErrorName(error))) return undefined;
      throw error;
    }
  }
}

/**
 * Blobs in a bucket, as in {@link Blobs}: each an object named by its hash, put only where none is, checked by S3 against its SHA-256 on
 * the way in and by us on the way out. What others put under the name is replaced by the next put of the right bytes. The role needs
 * `s3:ListBucket`: without it S3 says "denied" of what is absent.
 */
export const openS3Blobs = (options: S3BlobsOptions): Blobs => new S3Blobs(options);
