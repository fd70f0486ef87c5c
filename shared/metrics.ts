/**
 * The deployment's own metrics, each with an alarm: at most ten, since CloudWatch charges for each. Namespace: the deployment's name;
 * dimension: `service` = {@link METRICS_SERVICE} and no other, so that whoever emits one is free.
 */
export const METRICS = {
  /** Blocks between the chain's head and what the watcher has stored, at the end of a pass. */
  ChainLagBlocks: 'Count',
  /** Time since the watcher's cursor last moved. */
  CheckpointAgeSeconds: 'Seconds',
  /** Age of the oldest committed effect that no queue has yet. */
  OutboxAgeSeconds: 'Seconds',
  /** Balance of the lane account. */
  SignerBalanceUnes: 'Count',
  /** Attempts at a webhook that failed. */
  WebhookFailures: 'Count',
  /** Transactions that ended without effect. */
  TransactionFailures: 'Count',
  /** Age of the oldest Batch job that waits for a machine. */
  RunnableAgeSeconds: 'Seconds',
  /** "Batch Job Queue Blocked" events. */
  QueueBlocked: 'Count',
  /** Attestations of enclaves that were refused. */
  AttestationRefusals: 'Count',
  /** What RPCs said and was denied. */
  Anomalies: 'Count',
} as const;
export type MetricName = keyof typeof METRICS;

export const METRICS_SERVICE = 'quorate';

/** Numbers for alarms, sent where the composition says; nowhere in a local one. */
export interface Metrics {
  /** How often something happened: values of one minute add up. */
  count(name: MetricName, value: number): void;
  /** How much of something there is now: of values of one minute the largest counts, or the smallest. */
  gauge(name: MetricName, value: number): void;
}

export const noMetrics: Metrics = { count: () => undefined, gauge: () => undefined };
