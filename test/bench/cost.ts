import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../infra/aws/build-app.ts';
import { ROOT } from '../../infra/aws/constructs/bundle.ts';
import {
  type CostLine,
  costPer1000,
  type IdleUse,
  idleCost,
  MeasuredUsage,
  SECONDS_PER_MONTH,
  sum,
} from '../../infra/aws/cost-model.ts';
import { PRICES_AS_OF } from '../../infra/aws/prices.ts';
import { readConfig } from '../../infra/aws/read-config.ts';
import type { MetricName } from '../../shared/metrics.ts';

/** Assumed where no file says what was measured: half a second of each scheduled call at 0.5 GB, and few rows. */
const ASSUMED_IDLE = { gbSecondsPerCall: 0.25, writeUnitsPerCall: 2, readUnitsPerCall: 10, logBytesPerCall: 1_000 };

/** Gauges of each pass; the others are sent only when something went wrong. */
const STEADY_METRICS: readonly MetricName[] = [
  'ChainLagBlocks',
  'CheckpointAgeSeconds',
  'OutboxAgeSeconds',
  'SignerBalanceUnes',
  'RunnableAgeSeconds',
];

/** `npm run bench -- cost [USAGE.json ...]`: dollars per 1,000 queries of measured runs, and per month without any. */
export const cost = async (files: readonly string[]): Promise<void> => {
  console.log(`prices of ${PRICES_AS_OF} (infra/aws/prices.ts, with sources); machines that run models are not in it`);
  const runs = files.map((file) => MeasuredUsage.parse(JSON.parse(readFileSync(file, 'utf8'))));
  for (const run of runs) {
    const { queries, committee, stages, measured } = run;
    console.log(`\nper 1,000 queries, committee of ${committee}, ${stages} stage(s); ${queries} queries: ${measured}`);
    const lines = costPer1000(run).filter(({ amount }) => amount > 0);
    for (const line of lines) console.log(row(line));
    console.log(`${'in all'.padEnd(52)} ${dollars(sum(lines))}`);
  }
  if (runs.length === 0) console.log('\nno measured usage was given, so nothing is said of queries');
  printIdle(runs.find(({ idle }) => idle !== undefined));
};

const printIdle = (run: MeasuredUsage | undefined): void => {
  const lines = idleCost(idleUse(run));
  console.log(`\nper month without a query; what the functions do: ${run ? run.measured : 'ASSUMED, not measured'}`);
  console.log(`${''.padEnd(52)}      list   after what is always free`);
  for (const line of lines) console.log(`${row(line)}   ${dollars(line.usdAfterFree)}`);
  const afterFree = lines.reduce((total, { usdAfterFree }) => total + usdAfterFree, 0);
  console.log(`${'in all'.padEnd(52)} ${dollars(sum(lines))}   ${dollars(afterFree)}`);
};

const row = ({ what, amount, unit, usd }: CostLine): string =>
  `${what.padEnd(26)} ${amount.toLocaleString('en', { maximumFractionDigits: 3 }).padStart(12)} ${unit.padEnd(12)} ${dollars(usd)}`;

const dollars = (usd: number): string => `$ ${usd.toFixed(4).padStart(8)}`;

/** Counted from the templates of the example's configuration with a lane. */
const idleUse = (run: MeasuredUsage | undefined): IdleUse => {
  const resources = exampleResources();
  const number = (type: string): number => resources.filter(({ Type }) => Type === type).length;
  const feeds = resources.filter(({ Type }) => Type === 'AWS::Lambda::EventSourceMapping');
  const ofQueues = feeds.filter(({ Properties }) => Properties?.ScalingConfig !== undefined);
  const isFifo = ({ Properties }: Resource): boolean => JSON.stringify(Properties).includes('sendtransaction');
  const schedules = number('AWS::Scheduler::Schedule');
  const scheduledCalls = (schedules * SECONDS_PER_MONTH) / 60;
  return {
    keys: number('AWS::KMS::Key'),
    secrets: number('AWS::SecretsManager::Secret'),
    alarms: number('AWS::CloudWatch::Alarm'),
    metrics: STEADY_METRICS.length,
    dashboards: number('AWS::CloudWatch::Dashboard'),
    standardFeeds: ofQueues.filter((feed) => !isFifo(feed)).length,
    fifoFeeds: ofQueues.filter(isFifo).length,
    scheduledCalls,
    traces: scheduledCalls,
    storedGb: 1,
    ...(run?.idle ? measuredIdle(run.idle) : assumedIdle(scheduledCalls)),
  };
};

type Doing = Pick<IdleUse, 'lambdaGbSeconds' | 'tableWriteUnits' | 'tableReadUnits' | 'logGb'>;

const measuredIdle = (idle: NonNullable<MeasuredUsage['idle']>): Doing => {
  const months = idle.seconds / SECONDS_PER_MONTH;
  const gbMs = Object.values(idle.lambda).reduce((total, each) => total + each.gbMs, 0);
  return {
    lambdaGbSeconds: gbMs / 1_000 / months,
    tableWriteUnits: idle.table.writeUnits / months,
    tableReadUnits: idle.table.readUnits / months,
    logGb: idle.logBytes / 1e9 / months,
  };
};

const assumedIdle = (calls: number): Doing => ({
  lambdaGbSeconds: calls * ASSUMED_IDLE.gbSecondsPerCall,
  tableWriteUnits: calls * ASSUMED_IDLE.writeUnitsPerCall,
  tableReadUnits: calls * ASSUMED_IDLE.readUnitsPerCall,
  logGb: (calls * ASSUMED_IDLE.logBytesPerCall) / 1e9,
});

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const exampleResources = (): readonly Resource[] => {
  const example = readConfig(`${ROOT}infra/aws/config.example.json`);
  const image = `example.org/quorate@sha256:${'0'.repeat(64)}`;
  const config = {
    ...example,
    lane: { address: example.nodes[0]?.address ?? '' },
    workers: { ...example.workers, image },
  };
  const outdir = mkdtempSync(join(tmpdir(), 'quorate-cost-'));
  try {
    const { stacks } = buildApp(config, { outdir, context: { 'aws:cdk:bundling-stacks': [] } }).synth();
    return stacks.flatMap(({ template }) => Object.values(template.Resources as Record<string, Resource>));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};
