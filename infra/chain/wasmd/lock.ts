import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QuorateError } from '../../../shared/errors.ts';
import { lockFolder } from '../../local/lock.ts';

const LOOK_AGAIN_MS = 2_000;

/** Runs `work` while no other process does it for the same folder; waits as long as it takes. */
export const withBuildLock = async <T>(
  folder: string,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> => {
  mkdirSync(dirname(folder), { recursive: true });
  let told = false;
  for (;;) {
    const release = tryLock(`${folder}.lock`);
    if (release) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (!told) say('another process is building wasmd: waiting for it');
    told = true;
    await sleep(LOOK_AGAIN_MS);
  }
};

const tryLock = (path: string): (() => void) | undefined => {
  try {
    return lockFolder(path);
  } catch (error) {
    if (error instanceof QuorateError && error.code === 'folder-in-use') return undefined;
    throw error;
  }
};
