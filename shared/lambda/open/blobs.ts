import { S3Client } from '@aws-sdk/client-s3';
import { openS3Blobs } from '../../adapters/aws/s3-blobs.ts';
import { systemClock as clock, systemRandom as random } from '../../adapters/system/clock.ts';
import type { Blobs } from '../../ports/blobs.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

export const openBlobs = ({ BLOBS_BUCKET: bucket }: { readonly BLOBS_BUCKET: string }): Blobs =>
  openS3Blobs({ client: new S3Client(CLIENT_SETTINGS), bucket, clock, random });
