import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemIo } from '../../io.ts';
import { main } from '../../main.ts';

/** The CLI in a folder of its own, with these files; texts and objects are written as JSON or as they are. */
export const openCli = (files: Readonly<Record<string, Uint8Array | string | object>>) => {
  const cwd = mkdtempSync(join(tmpdir(), 'quorate-model-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const isPlain = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(join(cwd, name), isPlain ? content : JSON.stringify(content));
  }
  const run = async (...args: string[]) => {
    const [out, err]: [string[], string[]] = [[], []];
    const code = await main(args, {
      ...systemIo(),
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      env: { QUORATE_HOME: join(cwd, 'home') },
      cwd,
    });
    return { code, out: out.join('\n'), err: err.join('\n') };
  };
  return { cwd, run };
};

/** Machines of this memory. */
export const workers = (memoryGb: number, ...names: readonly string[]) => ({
  workers: names.map((name) => ({ name, memoryGb })),
});
