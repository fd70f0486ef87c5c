import { z } from 'zod';
import { Hash } from '../../shared/messages/ids.ts';
import type { Key } from '../../shared/ports/store.ts';

/** An input that this API took. Only blobs with such a row are served by hash: others may be results or activations. */
export const InputRow = z.strictObject({ hash: Hash, sizeBytes: z.int(), mediaType: z.string() });
export type InputRow = z.infer<typeof InputRow>;
export const inputKey = (hash: string): Key => ({ pk: 'inputs', sk: hash });
