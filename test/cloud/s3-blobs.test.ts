import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openS3Blobs } from '../../shared/adapters/aws/s3-blobs.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import { type Emulator, startMinistack } from './emulators.ts';

const bytes = new TextEncoder().encode('quorate');

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startMinistack();
});
afterAll(() => emulator.stop());

describe('blobs in S3', () => {
  let blobs: Blobs;
  let sent: string[];
  /** Thrown, one by one, in place of sending conditional puts. */
  let failures: Error[];
  let client: S3Client;
  let bucket: string;
  beforeEach(async () => {
    client = new S3Client(emulator.clientConfig);
    bucket = `blobs-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    [sent, failures] = [[], []];
    client.middlewareStack.add(
      (next, context) => (args) => {
        const condition = 'IfNoneMatch' in args.input ? ` if ${args.input.IfNoneMatch}` : '';
        sent.push(`${context.commandName}${condition}`);
        const failure = condition === '' ? undefined : failures.shift();
        return failure ? Promise.reject(failure) : next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const clock = { nowMs: () => 0, sleep: async () => undefined };
    blobs = openS3Blobs({ client, bucket, clock, random: systemRandom });
    return () => client.destroy();
  });

  it('are looked for before their bytes are sent, and sent on condition that they are still not there', async () => {
    const hash = await blobs.put(bytes);
    expect(sent).toEqual(['HeadObjectCommand', 'PutObjectCommand if *']);
    expect(await blobs.put(bytes)).toBe(hash);
    expect(sent.slice(2)).toEqual(['HeadObjectCommand']);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: hash }));
    expect(await blobs.has(hash)).toBe(false);
  });

  const conflict = (): Error =>
    Object.assign(new Error('conflict'), {
      name: 'ConditionalRequestConflict',
      $fault: 'client',
      $metadata: { httpStatusCode: 409 },
    });

  it('are put again when another puts the same at that moment, and fail with a transient error when that goes on', async () => {
    failures = [conflict(), conflict()];
    expect(await blobs.get(await blobs.put(bytes))).toEqual(bytes);
    failures = Array.from({ length: 99 }, conflict);
    await expect(blobs.put(Uint8Array.of(1))).rejects.toMatchObject({ family: 'transient', code: 'aws-busy' });
  });

  it('raise an alarm when the bucket is not there', async () => {
    const lost = openS3Blobs({ client, bucket: `none-${randomUUID()}`, clock: systemClock, random: systemRandom });
    const refusal = { family: 'invariant', code: 'aws-refused' };
    await expect(lost.put(bytes)).rejects.toMatchObject(refusal);
    await expect(lost.get('a'.repeat(64))).rejects.toMatchObject(refusal);
  });
});
