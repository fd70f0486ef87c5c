import { z } from 'zod';
import { ALWAYS_FREE, PRICES } from './prices.ts';

const count = z.number().nonnegative();

/**
 * What a measured run used, as whoever counts writes it into a JSON file. All counts are of the run, whole; what a schedule does while
 * nothing is asked is left out of them, since it is in the idle cost.
 */
export const MeasuredUsage = z.strictObject({
  format: z.literal('quorate-usage/1'),
  /** How it was counted, for whoever reads the file. */
  measured: z.string(),
  queries: z.int().positive(),
  committee: z.int().positive(),
  stages: z.int().positive(),
  /** By function: invocations, and milliseconds that ran times GB of memory. */
  lambda: z.record(z.string(), z.strictObject({ requests: count, gbMs: count })),
  /** Units as DynamoDB bills them (1 kB a write, 4 kB a read; twice in a transaction), indexes included. */
  table: z.strictObject({ writeUnits: count, readUnits: count }),
  /** API requests: a batch is one. */
  queues: z.strictObject({ standard: count, fifo: count }),
  blobs: z.strictObject({ puts: count, gets: count }),
  signatures: count,
  secretCalls: count,
  httpRequests: count,
  logBytes: count,
  /** Invocations, each of which may be traced. */
  traces: count,
  /** What the same deployment used in a time in which nobody asked. */
  idle: z
    .strictObject({
      seconds: z.number().positive(),
      lambda: z.record(z.string(), z.strictObject({ requests: count, gbMs: count })),
      table: z.strictObject({ writeUnits: count, readUnits: count }),
      logBytes: count,
    })
    .optional(),
});
export type MeasuredUsage = z.infer<typeof MeasuredUsage>;

export interface CostLine {
  readonly what: string;
  readonly amount: number;
  readonly unit: string;
  readonly usd: number;
}

export const sum = (lines: readonly CostLine[]): number => lines.reduce((total, { usd }) => total + usd, 0);

/**
 * Of many invocations a second X-Ray keeps one a second and this share of the rest, and Lambda lets nobody change it; of few it keeps all:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
 */
const TRACED_SHARE = 0.05;

/** Dollars per 1,000 queries, without what is free; the machines that run models are not in it. */
export const costPer1000 = (usage: MeasuredUsage): readonly CostLine[] => {
  const per = 1_000 / usage.queries;
  const line = (what: string, amount: number, unit: string, price: number): CostLine => ({
    what,
    amount: amount * per,
    unit,
    usd: amount * per * price,
  });
  const functions = Object.entries(usage.lambda).flatMap(([name, { requests, gbMs }]) => [
    line(`Lambda ${name}`, requests, 'requests', PRICES.lambdaRequest),
    line(`Lambda ${name}`, gbMs / 1_000, 'GB-s', PRICES.lambdaGbSecond),
  ]);
  return [
    ...functions,
    line('DynamoDB', usage.table.writeUnits, 'write units', PRICES.tableWriteUnit),
    line('DynamoDB', usage.table.readUnits, 'read units', PRICES.tableReadUnit),
    line('SQS, fair', usage.queues.standard, 'requests', PRICES.queueRequest + PRICES.fairQueueSurcharge),
    line('SQS, FIFO', usage.queues.fifo, 'requests', PRICES.fifoQueueRequest),
    line('S3', usage.blobs.puts, 'puts', PRICES.blobPut),
    line('S3', usage.blobs.gets, 'gets', PRICES.blobGet),
    line('KMS', usage.signatures, 'signatures', PRICES.signature),
    line('Secrets Manager', usage.secretCalls, 'calls', PRICES.secretCall),
    line('HTTP API', usage.httpRequests, 'requests', PRICES.httpRequest),
    line('CloudWatch logs', usage.logBytes / 1e9, 'GB', PRICES.logGb),
    line('X-Ray, at many a second', TRACED_SHARE * usage.traces, 'traces', PRICES.trace),
  ];
};

/** What a deployment has, and what it does in a month in which nobody asks. */
export interface IdleUse {
  readonly keys: number;
  readonly secrets: number;
  readonly alarms: number;
  /** Sent in every hour: CloudWatch bills a metric for the hours in which it gets values. */
  readonly metrics: number;
  readonly dashboards: number;
  /** Queues by what a mapping polls: each with five long polls of 20 s at any time. */
  readonly standardFeeds: number;
  readonly fifoFeeds: number;
  /** Of all schedules together. */
  readonly scheduledCalls: number;
  readonly lambdaGbSeconds: number;
  readonly tableWriteUnits: number;
  readonly tableReadUnits: number;
  readonly logGb: number;
  readonly traces: number;
  readonly storedGb: number;
}

export const SECONDS_PER_MONTH = 30 * 86_400;

/** Lambda polls a queue that is empty with this many long polls at once, each of 20 s. */
const POLLERS = 5;
const LONG_POLL_S = 20;
const POLLS_PER_FEED = (POLLERS * SECONDS_PER_MONTH) / LONG_POLL_S;

export interface IdleLine extends CostLine {
  /** What is left of it when nothing else in the account uses the free amounts. */
  readonly usdAfterFree: number;
}

/** Dollars per month while nothing happens, by the list and after what is always free. */
export const idleCost = (use: IdleUse): readonly IdleLine[] => {
  const line = (what: string, amount: number, unit: string, price: number, free = 0): IdleLine => ({
    what,
    amount,
    unit,
    usd: amount * price,
    usdAfterFree: Math.max(0, amount - free) * price,
  });
  const standardPolls = use.standardFeeds * POLLS_PER_FEED;
  const fifoPolls = use.fifoFeeds * POLLS_PER_FEED;
  return [
    line('KMS key of the lane', use.keys, 'keys', PRICES.keyMonth),
    line('secret of the nodes', use.secrets, 'secrets', PRICES.secretMonth),
    line('alarms', use.alarms, 'alarms', PRICES.alarmMonth, ALWAYS_FREE.alarms),
    line('own metrics', use.metrics, 'metrics', PRICES.metricMonth, ALWAYS_FREE.metrics),
    line('dashboard', use.dashboards, 'dashboards', PRICES.dashboardMonth, ALWAYS_FREE.dashboards),
    line('polls of empty queues', standardPolls, 'requests', PRICES.queueRequest, ALWAYS_FREE.queueRequests),
    line(
      'polls of empty FIFO queues',
      fifoPolls,
      'requests',
      PRICES.fifoQueueRequest,
      Math.max(0, ALWAYS_FREE.queueRequests - standardPolls),
    ),
    line('schedules', use.scheduledCalls, 'calls', PRICES.scheduledCall, ALWAYS_FREE.scheduledCalls),
    line('Lambda', use.scheduledCalls, 'requests', PRICES.lambdaRequest, ALWAYS_FREE.lambdaRequests),
    line('Lambda', use.lambdaGbSeconds, 'GB-s', PRICES.lambdaGbSecond, ALWAYS_FREE.lambdaGbSeconds),
    line('DynamoDB', use.tableWriteUnits, 'write units', PRICES.tableWriteUnit),
    line('DynamoDB', use.tableReadUnits, 'read units', PRICES.tableReadUnit),
    line('rows kept', use.storedGb, 'GB', PRICES.tableGbMonth, ALWAYS_FREE.tableGb),
    line('rows recoverable', use.storedGb, 'GB', PRICES.tableRecoveryGbMonth),
    line('blobs kept', use.storedGb, 'GB', PRICES.blobGbMonth),
    line('logs', use.logGb, 'GB', PRICES.logGb, ALWAYS_FREE.logGb),
    line('X-Ray', use.traces, 'traces', PRICES.trace, ALWAYS_FREE.traces),
  ];
};
