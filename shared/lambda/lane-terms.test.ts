import { describe, expect, it } from 'vitest';
import { QUEUES } from '../messages/queues.ts';
import { retryDelayMs } from '../sqs-batch.ts';
import { laneTerms } from './lane-terms.ts';

describe('how a lane is driven on Lambda', () => {
  const { pollMs, maxPolls, gatherMs, leaseMs } = laneTerms('unes', '0.025unes');
  const { timeoutMs, visibilityMs, maxReceives } = QUEUES['send-transaction'];

  it('waits for less than a tenth of its invocation, whatever it waits for', () => {
    expect(gatherMs + pollMs * maxPolls).toBeLessThanOrEqual(timeoutMs / 10);
  });

  it('leaves the lane free before the messages of a killed invocation come again', () => {
    expect(leaseMs).toBeLessThan(timeoutMs);
    expect(leaseMs).toBeLessThan(visibilityMs);
  });

  it('looks for a transaction for six minutes and more before it goes to the dead letters', () => {
    // SQS counts in whole seconds, upwards.
    const waitsMs = Array.from({ length: maxReceives - 1 }, (_, i) => Math.ceil(retryDelayMs(i + 1) / 1_000) * 1_000);
    expect(waitsMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(6 * 60_000);
  });
});
