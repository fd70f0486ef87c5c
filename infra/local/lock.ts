import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { BadInputError } from '../../shared/errors.ts';

/**
 * Holds a data folder for this process: two on one folder would run two chains over one file. A lock left by a killed process is taken over.
 * @returns how to let go
 */
export const lockFolder = (path: string): (() => void) => {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
  } catch {
    const holder = Number(readFileSync(path, 'utf8'));
    if (isAlive(holder)) {
      throw new BadInputError('folder-in-use', `process ${holder} is running on this data folder`, {
        next: 'stop it, or give another folder with --data',
        details: { holder },
      });
    }
    writeFileSync(path, String(process.pid));
  }
  return () => rmSync(path, { force: true });
};

const isAlive = (pid: number): boolean => {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
