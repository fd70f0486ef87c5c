import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import { METRICS } from '../../shared/metrics.ts';
import { STOP_MS, WorkerEnv } from '../../workers/inference/config.ts';
import { ROOT } from './constructs/bundle.ts';
import { FUNCTIONS, type FunctionName } from './functions.ts';
import { appOf, type Found, FULL, ofType, PLAIN, resourcesOf } from './testdata/synth.ts';

const full = resourcesOf(FULL);
const plain = resourcesOf(PLAIN);

const queues = ofType(full, 'AWS::SQS::Queue');
const functions = ofType(full, 'AWS::Lambda::Function');
const alarms = ofType(full, 'AWS::CloudWatch::Alarm');
const mappings = ofType(full, 'AWS::Lambda::EventSourceMapping');
const text = (value: unknown): string => JSON.stringify(value);
const isDead = ({ Properties }: Found): boolean => /-dead(\.fifo)?$/.test(Properties.QueueName);
const shortName = (fn: Found): FunctionName => fn.Properties.FunctionName.slice(FULL.name.length + 1);

describe('queues', () => {
  it('are those that the code knows, with dead letters each', () => {
    const names = queues.filter((queue) => !isDead(queue)).map(({ Properties }) => Properties.QueueName);
    const expected = Object.entries(QUEUES).map(([name, { fifo }]) => `${FULL.name}-${name}${fifo ? '.fifo' : ''}`);
    expect(names.sort()).toEqual(expected.sort());
  });

  it('keep dead letters longer than what they came from, and try as often as the code says', () => {
    for (const queue of queues.filter((each) => !isDead(each))) {
      const { RedrivePolicy, MessageRetentionPeriod, QueueName: name } = queue.Properties;
      const [deadId] = RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'];
      const dead = queues.find(({ id }) => id === deadId);
      expect(dead?.Properties.MessageRetentionPeriod).toBeGreaterThan(MessageRetentionPeriod);
      expect(Boolean(dead?.Properties.FifoQueue)).toBe(Boolean(queue.Properties.FifoQueue));
      const known = name.replace('.fifo', '').slice(FULL.name.length + 1) as QueueName;
      expect(RedrivePolicy.maxReceiveCount).toBe(QUEUES[known].maxReceives);
    }
  });

  it('hide a message for at least six times as long as its function may take', () => {
    const fed = mappings.filter(({ Properties }) => text(Properties.EventSourceArn).includes('queue'));
    expect(fed).toHaveLength(4);
    for (const { Properties } of fed) {
      const queue = queues.find(({ id }) => id === Properties.EventSourceArn['Fn::GetAtt'][0]);
      const fn = functions.find(({ id }) => id === Properties.FunctionName.Ref);
      expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn?.Properties.Timeout);
      expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  it('each have an alarm, and their dead letters too', () => {
    const watched = alarms.map(({ Properties }) => text(Properties.Dimensions ?? []));
    for (const queue of queues) {
      expect(
        watched.filter((dimensions) => dimensions.includes(queue.id)).length,
        `alarm of ${queue.Properties.QueueName}`,
      ).toBeGreaterThan(0);
    }
  });

  it('are encrypted, and refuse plain http', () => {
    const policies = ofType(full, 'AWS::SQS::QueuePolicy').map(({ Properties }) => text(Properties));
    for (const queue of queues) {
      expect(queue.Properties.SqsManagedSseEnabled).toBe(true);
      expect(policies.some((policy) => policy.includes(queue.id) && policy.includes('aws:SecureTransport'))).toBe(true);
    }
  });
});

describe('functions', () => {
  it('are one per folder of functions/', () => {
    const folders = readdirSync(`${ROOT}functions`);
    expect(functions.map(shortName).sort()).toEqual(folders.sort());
  });

  it('are given exactly what they read', () => {
    for (const fn of functions) {
      const { shape } = FUNCTIONS[shortName(fn)];
      const given = Object.keys(fn.Properties.Environment.Variables);
      const required = Object.entries(shape).flatMap(([key, type]) => (type.safeParse(undefined).success ? [] : [key]));
      expect(given.filter((key) => !(key in shape))).toEqual([]);
      expect(required.filter((key) => !given.includes(key))).toEqual([]);
    }
  });

  it('keep their logs for a bounded time', () => {
    const groups = ofType(full, 'AWS::Logs::LogGroup');
    for (const fn of functions) {
      const group = groups.find(({ id }) => id === fn.Properties.LoggingConfig.LogGroup.Ref);
      expect(group?.Properties.RetentionInDays).toBe(30);
    }
  });

  it('are bounded in how many run at once, by reservation or by their mapping', () => {
    for (const fn of functions) {
      const most = mappings.find(({ Properties }) => Properties.FunctionName.Ref === fn.id)?.Properties.ScalingConfig
        ?.MaximumConcurrency;
      expect(fn.Properties.ReservedConcurrentExecutions ?? most, shortName(fn)).toBeGreaterThan(0);
    }
  });

  it('have one sweeper at a time, and a second watcher only to take over; late calls are dropped', () => {
    const invokes = ofType(full, 'AWS::Lambda::EventInvokeConfig');
    for (const [name, atOnce] of [
      ['watch-chain', 2],
      ['reconcile', 1],
    ] as const) {
      const fn = functions.find((each) => shortName(each) === name);
      expect(fn?.Properties.ReservedConcurrentExecutions).toBe(atOnce);
      const invoke = invokes.find(({ Properties }) => Properties.FunctionName.Ref === fn?.id);
      expect(invoke?.Properties).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    }
  });
});

describe('the stream of the table', () => {
  const [mapping] = mappings.filter(({ Properties }) => Properties.StartingPosition !== undefined);

  it('brings outbox rows only, gives up early and says so', () => {
    expect(mapping?.Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: 5,
      MaximumRecordAgeInSeconds: 300,
    });
    expect(mapping?.Properties.DestinationConfig.OnFailure.Destination).toBeDefined();
    expect(JSON.parse(mapping?.Properties.FilterCriteria.Filters[0].Pattern)).toEqual({
      eventName: ['INSERT', 'MODIFY'],
      dynamodb: { Keys: { pk: { S: [{ prefix: 'outbox/' }] } } },
    });
  });
});

describe('what holds state', () => {
  const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::SecretsManager::Secret'];
  const stateful = full.filter(({ Type }) => STATEFUL.includes(Type));

  it('is retained, under ids that never change', () => {
    for (const { DeletionPolicy, UpdateReplacePolicy } of stateful) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
    // A changed line here is another, empty resource in every deployment.
    expect(stateful.map(({ stack, id, Type }) => `${stack}/${id}: ${Type}`).sort()).toMatchInlineSnapshot(`
      [
        "compute-enclave/EnclaveKey: AWS::KMS::Key",
        "data/Blobs: AWS::S3::Bucket",
        "data/LaneKey: AWS::KMS::Key",
        "data/NodeKeys: AWS::SecretsManager::Secret",
        "data/Table: AWS::DynamoDB::Table",
      ]
    `);
  });

  it('lives where nothing else is replaced', () => {
    expect(new Set(stateful.map(({ stack }) => stack))).toEqual(new Set(['data', 'compute-enclave']));
  });

  it('keeps the table recoverable and its index sparse', () => {
    const [table] = ofType(full, 'AWS::DynamoDB::Table');
    expect(table?.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
    expect(table?.Properties.GlobalSecondaryIndexes).toMatchObject([
      { IndexName: 'due', Projection: { ProjectionType: 'KEYS_ONLY' } },
    ]);
  });
});

describe('rights', () => {
  const statements = full
    .filter(({ Type }) => ['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::IAM::ManagedPolicy'].includes(Type))
    .flatMap((each) => [
      ...(each.Properties.PolicyDocument?.Statement ?? []),
      ...(each.Properties.Policies ?? []).flatMap(
        (policy: { PolicyDocument: { Statement: unknown[] } }) => policy.PolicyDocument.Statement,
      ),
    ]);
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

  /** Actions that know no resource, and why they are needed. */
  const EVERYWHERE: Readonly<Record<string, string>> = {
    'xray:PutTraceSegments': 'traces have no resource',
    'xray:PutTelemetryRecords': 'traces have no resource',
    'batch:ListJobs': 'a job is looked up by its name before it is submitted again',
    'batch:DescribeJobs': 'what became of jobs is read from Batch, not from its events alone',
    'dynamodb:ListStreams': "of the stream's mapping; names only",
  };

  it('never cover all actions of a service', () => {
    expect(statements.flatMap(({ Action }) => list(Action)).filter((action) => String(action).includes('*'))).toEqual(
      [],
    );
  });

  it('cover all resources only for actions that know none', () => {
    const everywhere = statements
      .filter(({ Resource: resource }) => list(resource).includes('*'))
      .flatMap(({ Action }) => list(Action));
    expect([...new Set(everywhere)].filter((action) => !(String(action) in EVERYWHERE))).toEqual([]);
  });
});

describe('what costs money while nothing happens', () => {
  it('is no NAT gateway, no machine, no endpoint by the hour', () => {
    const types = full.map(({ Type }) => Type);
    for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::Instance', 'AWS::EC2::EIP', 'AWS::ECS::Service']) {
      expect(types).not.toContain(type);
    }
    for (const { Properties } of ofType(full, 'AWS::EC2::VPCEndpoint'))
      expect(Properties.VpcEndpointType).toBe('Gateway');
    for (const { Properties } of ofType(full, 'AWS::Batch::ComputeEnvironment')) {
      expect(Properties.ComputeResources.MinvCpus).toBe(0);
    }
    for (const { Properties } of ofType(full, 'AWS::AutoScaling::AutoScalingGroup')) {
      expect(Properties.MinSize).toBe('0');
      expect(Properties.DesiredCapacity).toBeUndefined();
    }
  });

  it('is at most ten metrics of our own', () => {
    expect(Object.keys(METRICS).length).toBeLessThanOrEqual(10);
  });

  it('is one KMS key and one secret, without enclaves', () => {
    expect(ofType(plain, 'AWS::KMS::Key')).toHaveLength(1);
    expect(ofType(plain, 'AWS::SecretsManager::Secret')).toHaveLength(1);
    expect(plain.some(({ stack }) => stack === 'compute-enclave')).toBe(false);
  });
});

describe('machines', () => {
  const definitions = ofType(full, 'AWS::Batch::JobDefinition');

  it('are Spot first, then on demand, for each kind that a model needs', () => {
    const kinds = (resources: readonly Found[]) =>
      ofType(resources, 'AWS::Batch::JobQueue').map(({ Properties }) => [
        Properties.JobQueueName,
        Properties.ComputeEnvironmentOrder.length,
      ]);
    expect(kinds(plain)).toEqual([['quorate-test-jobs', 2]]);
    expect(kinds(full)).toEqual([
      ['quorate-test-jobs', 2],
      ['quorate-test-jobs-gpu', 2],
    ]);
  });

  it('answer to nobody who has not the newest metadata protocol, on encrypted disks', () => {
    for (const { Properties } of ofType(full, 'AWS::EC2::LaunchTemplate')) {
      const { MetadataOptions, BlockDeviceMappings } = Properties.LaunchTemplateData;
      expect(MetadataOptions).toMatchObject({ HttpTokens: 'required', HttpPutResponseHopLimit: 1 });
      expect(BlockDeviceMappings.every(({ Ebs }: { Ebs: { Encrypted: boolean } }) => Ebs.Encrypted)).toBe(true);
    }
  });

  it('give a worker the time to end that it allows itself', () => {
    const [machine] = ofType(full, 'AWS::EC2::LaunchTemplate').filter(({ id }) => id.startsWith('machine'));
    const userData = text(machine?.Properties.LaunchTemplateData.UserData);
    expect(userData).toContain('multipart/mixed');
    const [, seconds] = /ECS_CONTAINER_STOP_TIMEOUT=(\d+)s/.exec(userData) ?? [];
    expect(Number(seconds) * 1_000).toBeGreaterThan(STOP_MS);
    expect(userData).toContain('ECS_ENABLE_SPOT_INSTANCE_DRAINING=true');
  });

  it('let jobs try again after a lost machine or when asked, and never otherwise', () => {
    for (const { Properties } of definitions) {
      expect(Properties.RetryStrategy).toEqual({
        Attempts: 3,
        EvaluateOnExit: [
          { Action: 'RETRY', OnStatusReason: 'Host EC2*' },
          { Action: 'RETRY', OnExitCode: '75' },
          { Action: 'EXIT', OnReason: '*' },
        ],
      });
    }
  });

  it('are used by workers that end before their job is ended', () => {
    for (const { Properties } of definitions) {
      const given: readonly { readonly Name: string; readonly Value: string }[] =
        Properties.ContainerProperties.Environment;
      const lifeMs = Number(given.find(({ Name }) => Name === 'LIFE_MS')?.Value);
      expect(Properties.Timeout.AttemptDurationSeconds * 1_000).toBeGreaterThanOrEqual(lifeMs + 3_600_000);
    }
  });

  it('give up on jobs that no machine is found for', () => {
    for (const { Properties } of ofType(full, 'AWS::Batch::JobQueue')) {
      const actions: readonly { readonly Action: string; readonly State: string }[] =
        Properties.JobStateTimeLimitActions;
      expect(actions).toHaveLength(3);
      expect(actions.every(({ Action, State }) => Action === 'CANCEL' && State === 'RUNNABLE')).toBe(true);
    }
  });

  it('run an image by its digest, which is told what a worker reads', () => {
    for (const { Properties } of definitions) {
      expect(Properties.ContainerProperties.Image).toMatch(/@sha256:[0-9a-f]{64}$/);
      const given: readonly { readonly Name: string }[] = Properties.ContainerProperties.Environment;
      expect(given.map(({ Name }) => Name).sort()).toEqual([...Object.keys(WorkerEnv.shape), 'AWS_REGION'].sort());
    }
  });
});

describe('the image of workers, where none is given by its digest', () => {
  const { image: _image, ...workers } = PLAIN.workers;
  const assembly = appOf({ ...PLAIN, workers }).synth();

  it('is built from the Dockerfile, of sources and the lock file only', () => {
    const [folder] = readdirSync(assembly.directory).filter((name) => name.startsWith('asset.'));
    const files = readdirSync(`${assembly.directory}/${folder}`, { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['package-lock.json', 'workers/inference/Dockerfile']));
    const unwanted = /node_modules|\.quorate|\.test\.ts$|testdata|^(infra|functions|test|docs|\.git)\b/;
    expect(files.filter((path) => unwanted.test(path))).toEqual([]);
  });
});

describe('alarms', () => {
  it('each lead to a runbook that exists, and to somebody', () => {
    for (const { Properties } of alarms) {
      const page = /Runbook: (docs\/runbooks\/[a-z-]+\.md)$/.exec(Properties.AlarmDescription)?.[1];
      expect(page, Properties.AlarmName).toBeDefined();
      expect(existsSync(`${ROOT}${page}`), `${page}`).toBe(true);
      expect(Properties.AlarmActions).toHaveLength(1);
    }
  });

  it('leave no runbook without an alarm', () => {
    const named = alarms.map(({ Properties }) => /runbooks\/([a-z-]+\.md)/.exec(Properties.AlarmDescription)?.[1]);
    expect(readdirSync(`${ROOT}docs/runbooks`).sort()).toEqual([...new Set(named)].sort());
  });

  it('watch every metric of our own', () => {
    const own = alarms.filter(({ Properties }) => Properties.Namespace === FULL.name);
    expect(own.map(({ Properties }) => Properties.MetricName).sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('ring when the watcher says nothing at all', () => {
    const still = alarms.find(({ Properties }) => Properties.AlarmName === `${FULL.name}-checkpoint-still`);
    expect(still?.Properties.TreatMissingData).toBe('breaching');
  });
});

describe('a configuration without a lane', () => {
  it('makes the data stack only, and says what to do next', () => {
    const { lane: _lane, ...without } = FULL;
    const [data, ...others] = appOf(without).synth().stacks;
    expect([data?.stackName, others]).toEqual(['quorate-test-data', []]);
    expect(data?.template.Outputs.NextStep.Value).toContain('npm run cloud -- lane');
  });
});

describe('a deployment into an emulator', () => {
  it('leaves out what the emulator refuses, and nothing else', () => {
    const emulated = resourcesOf({ ...PLAIN, emulated: true });
    const left = plain.filter(({ stack, id }) => !emulated.some((each) => each.stack === stack && each.id === id));
    expect(new Set(left.map(({ stack, Type }) => (stack === 'compute-batch' ? stack : Type)))).toEqual(
      new Set(['compute-batch', 'AWS::Budgets::Budget']),
    );
  });
});
