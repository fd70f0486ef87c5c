import type { FileHandle } from 'node:fs/promises';

/** `sizeBytes` from `offsetBytes` on, in a buffer of their own; undefined when the file ends before. */
export const readAt = async (
  file: FileHandle,
  offsetBytes: number,
  sizeBytes: number,
): Promise<Uint8Array | undefined> => {
  // Looked at first, so that no memory is taken for what cannot be read.
  if (offsetBytes + sizeBytes > (await file.stat()).size) return undefined;
  const bytes = new Uint8Array(sizeBytes);
  for (let done = 0; done < sizeBytes; ) {
    const { bytesRead } = await file.read(bytes, done, sizeBytes - done, offsetBytes + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return bytes;
};
