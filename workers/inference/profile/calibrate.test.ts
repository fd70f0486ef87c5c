import { expect, it } from 'vitest';
import { defaultRuntime } from '../runtime.ts';
import { calibrate } from './calibrate.ts';

it('calibration gives rates that some machine could have', async () => {
  const { launchMs, bytesPerMs, ...rates } = await calibrate(defaultRuntime());
  // From a tenth of a GFLOP/s, a slow small board, to ten TFLOP/s.
  for (const rate of Object.values(rates)) {
    expect(rate).toBeGreaterThan(1e5);
    expect(rate).toBeLessThan(1e10);
  }
  expect(bytesPerMs).toBeGreaterThan(1e4);
  expect(launchMs).toBeGreaterThanOrEqual(0);
});
