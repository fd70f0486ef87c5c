import { ensureEmulators } from './emulator-venv.ts';

/** Before any suite, whose time-outs are not made for an installation. */
export default async (): Promise<void> => {
  await ensureEmulators((line) => void process.stderr.write(`${line}\n`));
};
