import { ArnFormat, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpRoute, HttpRouteKey, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BadInputError } from '../../shared/errors.ts';
import { FUNCTION_QUEUES, type FunctionQueue, QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { OUTBOX_PREFIX } from '../../shared/outbox.ts';
import { batchNames, jobKinds } from './batch-names.ts';
import type { CloudConfig } from './config.ts';
import { deadLetters, WorkQueue } from './constructs/work-queue.ts';
import type { DataStack } from './data-stack.ts';
import { type Functions, makeFunctions } from './functions.ts';
import {
  grantBlobs,
  grantDescribeJobs,
  grantLaneKey,
  grantListJobs,
  grantNodeKeys,
  grantRows,
  grantSubmitJobs,
} from './grants.ts';

/** How each queue feeds its function: messages of one invocation at most, and invocations at once at most. */
const FEEDS: Readonly<Record<FunctionQueue, { readonly batchSize: number; readonly maxConcurrency: number }>> = {
  'advance-run': { batchSize: 10, maxConcurrency: 50 },
  'start-job': { batchSize: 5, maxConcurrency: 20 },
  // One at a time: a lane's holder gathers what waits by itself, so a second message mostly finds nothing to do.
  'send-transaction': { batchSize: 1, maxConcurrency: 2 },
  'deliver-webhook': { batchSize: 5, maxConcurrency: 20 },
};

/** Age of the oldest message at which somebody is told: well above a retry's back-off, well below a commit window's end. */
const OLDEST_SECONDS: Readonly<Record<QueueName, number>> = {
  'advance-run': 120,
  'start-job': 120,
  'send-transaction': 120,
  'deliver-webhook': 900,
  'stage-jobs': 300,
};

const API_RATE_PER_SECOND = 50;
const API_BURST = 100;

/** Everything that reacts: queues, functions, schedules, the API. No row of a user lives here; it may be replaced at any time. */
export class ControlStack extends Stack {
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  /** Dead letters of what is fed by no queue. */
  readonly undelivered: { readonly stream: Queue; readonly jobEvents: Queue };
  readonly functions: Functions;
  readonly api: HttpApi;

  constructor(scope: Construct, config: CloudConfig, data: DataStack) {
    super(scope, `${config.name}-control`, {
      description: `Quorate ${config.name}: queues, functions, schedules, API`,
    });
    if (!config.lane) throw new BadInputError('no-lane', 'the control stack needs lane.address');
    this.queues = this.#queues(config);
    this.undelivered = {
      stream: deadLetters(new Construct(this, 'undelivered-stream'), `${config.name}-relay-outbox-dead`),
      jobEvents: deadLetters(new Construct(this, 'undelivered-job-events'), `${config.name}-track-job-dead`),
    };
    this.api = new HttpApi(this, 'http', { apiName: config.name, createDefaultStage: false });
    const publicUrl = config.api.publicUrl ?? this.api.apiEndpoint;
    this.functions = makeFunctions(this, { config, data, queues: this.queues, publicUrl, lane: config.lane.address });
    this.#grant(config, data);
    this.#feed(data);
    this.#schedule();
    this.#listenToBatch(config);
    this.#serve();
    new CfnOutput(this, 'ApiId', { value: this.api.apiId });
    new CfnOutput(this, 'ApiUrl', { value: publicUrl });
    for (const { name, queue } of Object.values(this.queues)) {
      new CfnOutput(this, `QueueUrl-${name}`, { value: queue.queueUrl });
    }
  }

  #queues({ name: deployment }: CloudConfig): Readonly<Record<QueueName, WorkQueue>> {
    const make = (name: QueueName) =>
      new WorkQueue(this, { deployment, name, alarms: { oldestSeconds: OLDEST_SECONDS[name] } });
    return Object.fromEntries((Object.keys(QUEUES) as QueueName[]).map((name) => [name, make(name)])) as Record<
      QueueName,
      WorkQueue
    >;
  }

  #grant(config: CloudConfig, data: DataStack): void {
    const { functions, queues } = this;
    for (const each of Object.values(functions)) grantRows(data.table, each);
    for (const name of ['advance-run', 'start-job', 'api'] as const) grantBlobs(data.blobs, functions[name]);
    grantNodeKeys(data.nodeKeys, functions['advance-run']);
    grantLaneKey(data.laneKey, functions['send-transaction']);

    for (const name of FUNCTION_QUEUES) {
      for (const sender of ['relay-outbox', 'reconcile'] as const) {
        queues[name].queue.grantSendMessages(functions[sender]);
      }
    }
    queues['stage-jobs'].queue.grantSendMessages(functions['start-job']);
    for (const { queue, dead } of Object.values(queues)) {
      for (const each of [queue, dead]) each.grant(functions.api, 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl');
    }

    grantListJobs(functions['start-job']);
    grantSubmitJobs(this.#batchArns(config), this.#batchArn('job', '*'), functions['start-job']);
    grantDescribeJobs(functions.reconcile);
  }

  #batchArn(resource: string, resourceName: string): string {
    return this.formatArn({ service: 'batch', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
  }

  /** A definition by its name is its newest revision. */
  #batchArns(config: CloudConfig): readonly string[] {
    return jobKinds(config).flatMap((kind) => {
      const { jobQueue, jobDefinition } = batchNames(config, kind);
      const definition = this.#batchArn('job-definition', jobDefinition);
      return [this.#batchArn('job-queue', jobQueue), definition, `${definition}:*`];
    });
  }

  #feed(data: DataStack): void {
    for (const name of FUNCTION_QUEUES) {
      this.functions[name].addEventSource(
        new SqsEventSource(this.queues[name].queue, { ...FEEDS[name], reportBatchItemFailures: true }),
      );
    }
    this.functions['relay-outbox'].addEventSource(
      new DynamoEventSource(data.table, {
        startingPosition: StartingPosition.TRIM_HORIZON,
        batchSize: 100,
        parallelizationFactor: 2,
        // What a stream gives up on is repaired by the sweep over what is unsent, so giving up early is safe.
        retryAttempts: 5,
        maxRecordAge: Duration.minutes(5),
        bisectBatchOnError: true,
        reportBatchItemFailures: true,
        onFailure: new SqsDlq(this.undelivered.stream),
        filters: [
          FilterCriteria.filter({
            eventName: FilterRule.or('INSERT', 'MODIFY'),
            dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(OUTBOX_PREFIX) } } },
          }),
        ],
      }),
    );
  }

  /** A pass that could not start is the next minute's. */
  #schedule(): void {
    for (const name of ['watch-chain', 'reconcile'] as const) {
      const fn = this.functions[name];
      fn.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
      new Schedule(this, `every-minute-${name}`, {
        schedule: ScheduleExpression.rate(Duration.minutes(1)),
        target: new LambdaInvoke(fn, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
      });
    }
  }

  #listenToBatch(config: CloudConfig): void {
    const { jobEvents } = this.undelivered;
    const fn = this.functions['track-job'];
    fn.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: Duration.hours(1),
      onFailure: new SqsDestination(jobEvents),
    });
    new Rule(this, 'job-events', {
      description: 'What Batch says about the jobs of this deployment',
      eventPattern: {
        source: ['aws.batch'],
        detailType: ['Batch Job State Change', 'Batch Job Queue Blocked'],
        detail: {
          jobQueue: jobKinds(config).map((kind) => this.#batchArn('job-queue', batchNames(config, kind).jobQueue)),
        },
      },
      targets: [
        new LambdaFunction(fn, { deadLetterQueue: jobEvents, retryAttempts: 8, maxEventAge: Duration.hours(2) }),
      ],
    });
  }

  #serve(): void {
    const accessLog = new LogGroup(this, 'access-log', { retention: RetentionDays.ONE_MONTH });
    new HttpStage(this, 'http-stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: API_RATE_PER_SECOND, burstLimit: API_BURST },
      accessLogSettings: { destination: new LogGroupLogDestination(accessLog) },
    });
    new HttpRoute(this, 'http-route', {
      httpApi: this.api,
      routeKey: HttpRouteKey.DEFAULT,
      integration: new HttpLambdaIntegration('api', this.functions.api),
    });
  }
}
