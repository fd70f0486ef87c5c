import type { RetryStrategy } from './requests.ts';

/** How one attempt ended. No exit code: the container never ran, or the host took it away. */
export interface AttemptEnd {
  readonly exitCode?: number;
  /** Of the container: `CannotPullContainerError: ...`. */
  readonly reason?: string;
  /** Of the attempt: `Essential container in task exited`, `Host EC2 (instance i-...) terminated.` */
  readonly statusReason: string;
}

/** A pattern is compared whole, or up to its star; upper and lower case alike. */
const matches = (pattern: string, value: string): boolean => {
  const [wanted, have] = [pattern.toLowerCase(), value.toLowerCase()];
  return wanted.endsWith('*') ? have.startsWith(wanted.slice(0, -1)) : have === wanted;
};

/**
 * Whether Batch starts a failed attempt again (user guide, "automated job retries"): rules are tried in order, all conditions of a rule
 * must hold, the first that holds decides, and when none holds the job is retried.
 * @param attempt 1 for the first
 */
export const isRetried = (
  { attempts, evaluateOnExit }: RetryStrategy,
  attempt: number,
  { exitCode, reason = '', statusReason }: AttemptEnd,
): boolean => {
  if (attempt >= attempts) return false;
  const rule = evaluateOnExit.find(
    ({ onExitCode, onReason, onStatusReason }) =>
      (onExitCode === undefined || (exitCode !== undefined && matches(onExitCode, String(exitCode)))) &&
      (onReason === undefined || matches(onReason, reason)) &&
      (onStatusReason === undefined || matches(onStatusReason, statusReason)),
  );
  return rule === undefined || rule.action === 'RETRY';
};
