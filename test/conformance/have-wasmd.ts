import { ensureWasmd } from '../../infra/chain/wasmd/index.ts';

/** Before any suite, whose time-outs are not made for a build of five minutes. */
export default async (): Promise<void> => {
  await ensureWasmd((line) => void process.stderr.write(`${line}\n`));
};
