import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything that tests leave in the folder for temporary files goes away with the run. */
export default (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-tests-'));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
};
