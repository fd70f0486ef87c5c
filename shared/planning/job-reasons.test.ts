import { describe, expect, it } from 'vitest';
import { explainJob, meaningOf } from './job-reasons.ts';

describe('what Batch says', () => {
  it.each([
    [
      'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested for instance type [c6i.large]',
      'there is no capacity',
    ],
    [
      'Canceled by JobStateTimeLimit action due to reason: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY',
      'there is no capacity',
    ],
    ['Canceled by JobStateTimeLimit action due to reason: something new', 'Batch gave it up'],
    [
      'You have requested more vCPU capacity than your current vCPU limit of 8 allows (VcpuLimitExceeded)',
      'quota of vCPUs',
    ],
    ['MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) associated with the job queue', 'fewer vCPUs'],
    ['MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement', 'no instance type'],
    ['MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - Batch service role has a permission issue.', 'lacks a permission'],
    ['MISCONFIGURATION:SOMETHING_NEW', 'is not set up'],
    ['ACTION_REQUIRED - CE(s) associated with the job queue are invalid.', 'disabled or invalid'],
    ['UNDETERMINED - Batch job is blocked, root cause is undetermined.', 'does not know why'],
    ['Task failed to start; CannotPullContainerError: image does not exist', 'image could not be pulled'],
    ['Task failed to start', 'did not start'],
    ['Essential container in task exited; OutOfMemoryError: Container killed due to memory usage', 'out of memory'],
    ['Host EC2 (instance i-0123456789abcdef0) terminated.', 'taken away'],
    ['Job attempt duration exceeded timeout', 'time-out'],
    ['Dependent Job failed', 'stage before'],
    ['Essential container in task exited', 'ended by itself'],
  ])('is put in words: %s', (reason, words) => {
    expect(meaningOf(reason)).toContain(words);
  });

  it('tells texts that nobody has met as they are', () => {
    expect(meaningOf('a text of next year')).toBeUndefined();
    expect(explainJob({ status: 'RUNNABLE', reason: 'a text of next year' })).toBe(
      'waits for a machine: Batch says (a text of next year)',
    );
    expect(explainJob({ status: 'PAUSED' })).toBe('is PAUSED');
  });

  it('tells exit codes of our own', () => {
    expect(explainJob({ status: 'FAILED', reason: 'Essential container in task exited', exitCode: 64 })).toBe(
      'has failed: the worker refused its input for good; the worker ended by itself (Essential container in task exited)',
    );
  });
});
