import { describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from './clock.ts';

describe('systemClock', () => {
  it('rejects with the reason of a signal that aborts, also one that already has', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(systemClock.sleep(1, controller.signal)).rejects.toThrow('enough');
  });

  it('returns at once from a sleep of no length', async () => {
    await systemClock.sleep(0);
    await systemClock.sleep(-5);
  });
});

describe('systemRandom', () => {
  it('draws bytes and whole numbers below a bound', () => {
    expect(systemRandom.bytes(48)).toHaveLength(48);
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
    for (let i = 0; i < 100; i += 1) expect([0, 1, 2]).toContain(systemRandom.below(3));
  });
});
