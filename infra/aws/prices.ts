/**
 * On-demand prices of us-east-1 in dollars, without discounts, as we know them in November 2026: not read from AWS's pages, which are
 * named so that each can be checked before it is quoted. What nobody needs here is left out. A price that changed is changed here, with the date.
 */
export const PRICES_AS_OF = '2026-11, us-east-1';

export const PRICES = {
  /** Requests, and GB of memory for a second, on arm64. https://aws.amazon.com/lambda/pricing/ */
  lambdaRequest: 0.2 / 1e6,
  lambdaGbSecond: 0.0000133334,
  /** On demand; a transaction's units count twice, and are counted so. https://aws.amazon.com/dynamodb/pricing/on-demand/ */
  tableWriteUnit: 0.625 / 1e6,
  tableReadUnit: 0.125 / 1e6,
  tableGbMonth: 0.25,
  tableRecoveryGbMonth: 0.2,
  /** Each send, receive, delete and change of visibility. `fair` is added for messages with a group. https://aws.amazon.com/sqs/pricing/ */
  queueRequest: 0.4 / 1e6,
  fairQueueSurcharge: 0.1 / 1e6,
  fifoQueueRequest: 0.5 / 1e6,
  /** https://aws.amazon.com/s3/pricing/ */
  blobPut: 0.005 / 1e3,
  blobGet: 0.0004 / 1e3,
  blobGbMonth: 0.023,
  /** An elliptic-curve key and its signatures. https://aws.amazon.com/kms/pricing/ */
  keyMonth: 1,
  signature: 0.15 / 1e4,
  /** https://aws.amazon.com/secrets-manager/pricing/ */
  secretMonth: 0.4,
  secretCall: 0.05 / 1e4,
  /** HTTP API. https://aws.amazon.com/api-gateway/pricing/ */
  httpRequest: 1 / 1e6,
  /** https://aws.amazon.com/eventbridge/pricing/ */
  scheduledCall: 1 / 1e6,
  /** https://aws.amazon.com/cloudwatch/pricing/ */
  alarmMonth: 0.1,
  metricMonth: 0.3,
  dashboardMonth: 3,
  logGb: 0.5,
  /** https://aws.amazon.com/xray/pricing/ */
  trace: 5 / 1e6,
} as const;

/** What an account has free each month for ever, not only in its first year; shared by all that runs in it. */
export const ALWAYS_FREE = {
  lambdaRequests: 1e6,
  lambdaGbSeconds: 400_000,
  tableGb: 25,
  queueRequests: 1e6,
  scheduledCalls: 14e6,
  alarms: 10,
  metrics: 10,
  dashboards: 3,
  logGb: 5,
  traces: 100_000,
} as const;
