import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BadInputError, InvariantError, TransientError } from '../../errors.ts';
import { BlobMissingError } from '../../ports/blob-errors.ts';
import type { Blobs } from '../../ports/blobs.ts';
import { badRange, checkHash, checkRange } from '../limits/blob-limits.ts';
import { readAt } from './read-at.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const ioError = (cause: unknown): TransientError =>
  codeOf(cause) === 'ENOSPC'
    ? new TransientError('blobs-full', 'no room left for blobs', { next: 'Free disk space.', cause })
    : new TransientError('blobs-io', 'the disk refused to read or write a blob', { cause });

const readIfThere = async (path: string): Promise<Uint8Array | undefined> => {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw ioError(error);
  }
};

/** A rename or a new folder is durable only when the folder that names it is. */
const syncFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

const writeSynced = async (path: string, bytes: Uint8Array): Promise<void> => {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
};

class FileBlobs implements Blobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const hash = sha256(bytes);
    const path = this.#path(hash);
    const stored = await readIfThere(path);
    try {
      // Unequal bytes under this name are damage: writing them anew heals it.
      if (stored === undefined || Buffer.compare(stored, bytes) !== 0) await this.#write(hash, path, bytes);
      else await syncFolder(dirname(path));
      return hash;
    } catch (error) {
      throw ioError(error);
    }
  }

  async get(hash: string): Promise<Uint8Array> {
    const bytes = await readIfThere(this.#path(hash));
    if (bytes === undefined) throw new BlobMissingError(hash);
    const actual = sha256(bytes);
    if (actual !== hash) {
      throw new InvariantError('blob-corrupt', `the stored bytes of blob ${hash} hash to ${actual}`, {
        next: 'Put the same bytes again, and check the disk.',
        details: { hash, actual },
      });
    }
    return bytes;
  }

  async getRange(hash: string, offsetBytes: number, sizeBytes: number): Promise<Uint8Array> {
    const path = this.#path(hash);
    checkRange(offsetBytes, sizeBytes);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r');
      const bytes = await readAt(file, offsetBytes, sizeBytes);
      if (bytes) return bytes;
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? new BlobMissingError(hash) : ioError(error);
    } finally {
      await file?.close();
    }
    throw badRange(offsetBytes, sizeBytes);
  }

  async has(hash: string): Promise<boolean> {
    try {
      return (await stat(this.#path(hash))).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error instanceof BadInputError ? error : ioError(error);
    }
  }

  #path(hash: string): string {
    checkHash(hash);
    return join(this.#folder, hash.slice(0, 2), hash.slice(2, 4), hash);
  }

  async #write(hash: string, path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const aside = join(this.#folder, 'tmp');
    await mkdir(aside, { recursive: true });
    // The name is never used again, so a writer whose folder was cleared away can publish nothing but its own bytes.
    const folder = await mkdtemp(join(aside, `${hash}.`));
    try {
      await writeSynced(join(folder, 'blob'), bytes);
      await rename(join(folder, 'blob'), path);
      await this.#clearAside(aside, hash);
    } catch (error) {
      // A faster writer of the same bytes has cleared this folder away: then its own are in place.
      if (codeOf(error) !== 'ENOENT' || (await readIfThere(path)) === undefined) throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    for (const named of [dirname(path), dirname(dirname(path)), this.#folder]) await syncFolder(named);
  }

  /** Clears away what writers of the same bytes began: the slower ones, and those that were killed. */
  async #clearAside(aside: string, hash: string): Promise<void> {
    const left = (await readdir(aside)).filter((name) => name.startsWith(`${hash}.`));
    // One that is being written to may refuse; it clears itself away.
    for (const name of left) await rm(join(aside, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Blobs in a folder, as in {@link Blobs}: `ab/cd/abcd...`, each written aside, synced and renamed into place, so that a
 * reader sees all of it or nothing. Several threads and processes may use one folder. Bytes are held in memory whole, and
 * must not change until `put` resolves.
 */
export const openFileBlobs = (folder: string): Blobs => new FileBlobs(folder);
