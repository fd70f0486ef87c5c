import { Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import { METRICS, METRICS_SERVICE, type Metrics } from '../metrics.ts';

export interface LambdaMetrics extends Metrics {
  /** Writes what was counted as one line in CloudWatch's embedded metric format. */
  flush(): void;
}

export const lambdaMetrics = (deployment: string): LambdaMetrics => {
  const powertools = new Powertools({ namespace: deployment, serviceName: METRICS_SERVICE });
  const add: Metrics['count'] = (name, value) => powertools.addMetric(name, METRICS[name], value);
  return {
    count: add,
    gauge: add,
    flush: () => {
      if (powertools.hasStoredMetrics()) powertools.publishStoredMetrics();
    },
  };
};
