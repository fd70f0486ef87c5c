import { describe, expect, it } from 'vitest';
import { RetryStrategy } from './requests.ts';
import { type AttemptEnd, isRetried } from './retry.ts';

const rules = (...evaluateOnExit: object[]) => RetryStrategy.parse({ attempts: 3, evaluateOnExit });
const exit = (exitCode: number): AttemptEnd => ({ exitCode, statusReason: 'Essential container in task exited' });
const SPOT: AttemptEnd = { statusReason: 'Host EC2 (instance i-0abc) terminated.' };

describe('isRetried, as AWS Batch decides', () => {
  it('retries up to the attempts, without rules', () => {
    const strategy = RetryStrategy.parse({ attempts: 2 });
    expect([1, 2].map((attempt) => isRetried(strategy, attempt, exit(1)))).toEqual([true, false]);
    expect(isRetried(RetryStrategy.parse({}), 1, exit(1))).toBe(false);
  });

  it('takes the first rule that holds', () => {
    const strategy = rules({ onExitCode: '64', action: 'EXIT' }, { onExitCode: '6*', action: 'RETRY' });
    expect([64, 65].map((code) => isRetried(strategy, 1, exit(code)))).toEqual([false, true]);
  });

  it('retries when no rule holds', () => {
    expect(isRetried(rules({ onExitCode: '64', action: 'EXIT' }), 1, exit(1))).toBe(true);
    expect(isRetried(rules({ onStatusReason: 'Host EC2*', action: 'RETRY' }), 1, exit(1))).toBe(true);
  });

  it('ends what a catch-all says to end', () => {
    const strategy = rules({ onStatusReason: 'Host EC2*', action: 'RETRY' }, { onReason: '*', action: 'EXIT' });
    expect(isRetried(strategy, 1, SPOT)).toBe(true);
    expect(isRetried(strategy, 1, exit(1))).toBe(false);
  });

  it('wants all conditions of a rule, compares whole texts, and takes capitals for small letters', () => {
    const both = rules({ onExitCode: '1', onReason: 'OutOfMemoryError:*', action: 'EXIT' });
    expect(isRetried(both, 1, { ...exit(1), reason: 'outofmemoryerror: killed' })).toBe(false);
    expect(isRetried(both, 1, exit(1))).toBe(true);
    expect(isRetried(rules({ onExitCode: '1', action: 'EXIT' }), 1, exit(10))).toBe(true);
    expect(isRetried(rules({ onExitCode: '*', action: 'EXIT' }), 1, SPOT), 'no exit code').toBe(true);
  });

  it('rejects rules without attempts, six rules, and patterns with other characters', () => {
    const rule = { onExitCode: '1', action: 'exit' };
    expect(() => RetryStrategy.parse({ evaluateOnExit: [rule] })).toThrow('attempts');
    expect(() => rules(...Array(6).fill(rule))).toThrow();
    expect(() => rules({ onReason: 'a*b', action: 'EXIT' })).toThrow('letters');
    expect(() => rules({ onExitCode: 'x', action: 'EXIT' })).toThrow('digits');
  });
});
