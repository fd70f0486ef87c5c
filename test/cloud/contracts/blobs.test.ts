import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import { openS3Blobs } from '../../../shared/adapters/aws/s3-blobs.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { blobsContract } from '../../contracts/blobs.ts';
import { type Emulator, startMinistack, startMoto } from '../emulators.ts';

for (const [name, start] of [
  ['ministack', startMinistack],
  ['moto', startMoto],
] as const) {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start();
  });
  afterAll(() => emulator.stop());

  blobsContract(`S3 in ${name}`, async () => {
    const client = new S3Client(emulator.clientConfig);
    const other = new S3Client(emulator.clientConfig);
    const bucket = `blobs-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return {
      blobs: openS3Blobs({ client, bucket, clock: systemClock, random: systemRandom }),
      another: openS3Blobs({ client: other, bucket, clock: systemClock, random: systemRandom }),
      corrupt: async (hash) => {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: hash, Body: 'x', ChecksumAlgorithm: 'SHA256' }));
      },
      close: async () => {
        client.destroy();
        other.destroy();
      },
    };
  });
}
