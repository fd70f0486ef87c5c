import { verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { ask, benchHouse, final } from './bench-house.ts';
import { summary } from './quantile.ts';

const REPEATS = 50;

/** Time of checking a real receipt file: the first call of a process, and warm ones. */
export const verifyTime = async (): Promise<void> => {
  const house = await benchHouse();
  for (const seats of [3, 5]) {
    const queryId = await ask(house, `verify/${seats}`, seats);
    const { outcome } = await final(house, queryId);
    while ((await house.chain.head()).height <= (outcome?.height ?? 0)) await new Promise(setImmediate);
    const answer = await fetch(`${house.apiUrl}/v1/queries/${queryId}/receipt`);
    const file = new Uint8Array(await answer.arrayBuffer());
    const samples = Array.from({ length: REPEATS }, () => {
      const startedMs = performance.now();
      verifyReceipt(file);
      return performance.now() - startedMs;
    });
    const [first = 0, ...warm] = samples;
    process.stdout.write(
      `committee ${outcome?.committed}, file ${file.length} bytes, first call ${first.toFixed(1)} ms, warm ${summary(warm, 'ms')}\n`,
    );
  }
  await house.stop();
};
