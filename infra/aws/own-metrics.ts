import type { Duration } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS_SERVICE, type MetricName } from '../../shared/metrics.ts';

export type OwnMetrics = (name: MetricName, statistic: string, period: Duration) => IMetric;

/** What functions emit, as alarms and the dashboard read it. */
export const ownMetrics =
  (namespace: string): OwnMetrics =>
  (metricName, statistic, period) =>
    new Metric({ namespace, metricName, dimensionsMap: { service: METRICS_SERVICE }, statistic, period });
