import type { FileHandle } from 'node:fs/promises';

/** Writes all bytes there, however many calls that takes. */
export const writeAt = async (file: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offsetBytes + done);
    done += bytesWritten;
  }
};
