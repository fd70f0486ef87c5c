import { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ControlStack } from './control-stack.ts';
import type { OwnMetrics } from './own-metrics.ts';

const PERIOD = Duration.minutes(5);

export interface DashboardRow {
  /** The promise in words, Markdown. */
  readonly promise: string;
  readonly metrics: readonly IMetric[];
}

/**
 * One row for each promise (docs/architecture.md) that can be measured while it runs. The others are properties of the code, shown by
 * tests: P3, P4, P5, P13, P14, P15.
 */
export const dashboardRows = (own: OwnMetrics, control: ControlStack): readonly DashboardRow[] => {
  const { functions, queues, undelivered } = control;
  const max = { statistic: Stats.MAXIMUM, period: PERIOD };
  const all = Object.values(queues);
  return [
    {
      promise: '**P1** no query is lost: blocks behind, age of the cursor, effects not yet sent',
      metrics: [
        own('ChainLagBlocks', Stats.MAXIMUM, PERIOD),
        own('CheckpointAgeSeconds', Stats.MAXIMUM, PERIOD),
        own('OutboxAgeSeconds', Stats.MAXIMUM, PERIOD),
        functions['relay-outbox'].metric('IteratorAge', max),
      ],
    },
    { promise: '**P2** none is invented: what was denied', metrics: [own('Anomalies', Stats.SUM, PERIOD)] },
    {
      promise: '**P6** nothing waits for ever: oldest messages, oldest job without a machine',
      metrics: [
        ...all.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage(max)),
        own('RunnableAgeSeconds', Stats.MAXIMUM, PERIOD),
        own('QueueBlocked', Stats.SUM, PERIOD),
      ],
    },
    {
      promise: '**P7** retries are bounded: dead letters',
      metrics: [...all.map(({ dead }) => dead), undelivered.stream, undelivered.jobEvents].map((queue) =>
        queue.metricApproximateNumberOfMessagesVisible(max),
      ),
    },
    {
      promise: '**P8** overload is refused: requests, 4xx, 5xx, throttles',
      metrics: [
        ...['Count', '4xx', '5xx'].map(
          (metricName) =>
            new Metric({
              namespace: 'AWS/ApiGateway',
              metricName,
              dimensionsMap: { ApiId: control.api.apiId },
              statistic: Stats.SUM,
              period: PERIOD,
            }),
        ),
        functions.api.metricThrottles({ period: PERIOD }),
      ],
    },
    {
      promise: '**P9, P10** one payment, no lost answer: transactions without effect, balance of the lane',
      metrics: [own('TransactionFailures', Stats.SUM, PERIOD), own('SignerBalanceUnes', Stats.MINIMUM, PERIOD)],
    },
    { promise: '**P11** webhooks: failed attempts', metrics: [own('WebhookFailures', Stats.SUM, PERIOD)] },
    {
      promise: '**P12** fail closed: refused attestations',
      metrics: [own('AttestationRefusals', Stats.SUM, PERIOD)],
    },
  ];
};
