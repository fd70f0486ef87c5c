import { Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import {
  Action,
  AllocationStrategy,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsMachineImageType,
  JobQueue,
  JobStateTimeLimitActionsState,
  ManagedEc2EcsComputeEnvironment,
  Reason,
  RetryStrategy,
  JobStateTimeLimitActionsReason as StuckBecause,
} from 'aws-cdk-lib/aws-batch';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  GatewayVpcEndpointAwsService,
  InstanceClass,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MultipartBody,
  MultipartUserData,
  SecurityGroup,
  SubnetType,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { queueUrlKey } from '../../shared/env.ts';
import { STOP_MS, type WorkerEnv } from '../../workers/inference/config.ts';
import { batchNames, type JobKind, jobKinds, jobNeeds, maxVcpus } from './batch-names.ts';
import type { CloudConfig } from './config.ts';
import { ROOT } from './constructs/bundle.ts';
import { publicNetwork } from './constructs/public-network.ts';
import type { ControlStack } from './control-stack.ts';
import type { DataStack } from './data-stack.ts';
import { grantBlobs, grantNodeKeys, grantRows } from './grants.ts';

/** Exit code of a worker for "try again": EX_TEMPFAIL of sysexits.h. */
const TRY_AGAIN = '75';
/** A job's runs: its own and two more. */
const ATTEMPTS = 3;
/** After this long a worker takes nothing new; its last work then has an hour until the job's time-out. */
const LIFE_MS = 4 * 3_600_000;
const TIMEOUT = Duration.millis(LIFE_MS + 3_600_000);
/** How long a claim of a stage holds; longer than any single run of a graph. */
const LEASE_MS = 120_000;
/** What a container is given to end beyond what its worker allows itself. */
const STOP_MARGIN_MS = 5_000;
/** The image, a model's weights and room. */
const DISK_GIB = 60;
/** When a job that no machine is found for is ended, so that its stages are placed anew. */
const RUNNABLE_LIMIT = Duration.minutes(20);

const INSTANCES: Readonly<Record<JobKind, InstanceClass[]>> = {
  cpu: [InstanceClass.C6I, InstanceClass.M6I, InstanceClass.C7I, InstanceClass.M7I],
  gpu: [InstanceClass.G5, InstanceClass.G6],
};
const MACHINE_IMAGE: Readonly<Record<JobKind, EcsMachineImageType>> = {
  cpu: EcsMachineImageType.ECS_AL2023,
  gpu: EcsMachineImageType.ECS_AL2023_NVIDIA,
};

/**
 * Machines that come with jobs and go without them: Spot first, then on demand. Public subnets, since a NAT gateway costs more a month
 * than everything else while nothing happens; nothing is let in.
 */
export class ComputeBatchStack extends Stack {
  constructor(scope: Construct, config: CloudConfig, data: DataStack, control: ControlStack) {
    super(scope, `${config.name}-compute-batch`, { description: `Quorate ${config.name}: machines for inference` });
    const vpc = this.#network();
    const securityGroup = new SecurityGroup(this, 'nothing-in', {
      vpc,
      description: 'Workers call out; nobody calls them',
      allowAllOutbound: true,
    });
    const machine = this.#machine(config);
    const instanceRole = this.#instanceRole();
    const { jobRole, executionRole } = this.#jobRoles(data, control);
    const logs = new LogGroup(this, 'worker-logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    logs.grantWrite(executionRole);

    for (const kind of jobKinds(config)) {
      const names = batchNames(config, kind);
      const environment = (spot: boolean) =>
        new ManagedEc2EcsComputeEnvironment(this, `${kind}-${spot ? 'spot' : 'on-demand'}`, {
          vpc,
          vpcSubnets: { subnetType: SubnetType.PUBLIC },
          securityGroups: [securityGroup],
          launchTemplate: machine,
          instanceRole,
          instanceClasses: INSTANCES[kind],
          useOptimalInstanceClasses: false,
          images: [{ imageType: MACHINE_IMAGE[kind] }],
          spot,
          allocationStrategy: spot
            ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
            : AllocationStrategy.BEST_FIT_PROGRESSIVE,
          minvCpus: 0,
          maxvCpus: maxVcpus(config, kind),
          updateToLatestImageVersion: true,
          // An update lets running jobs end.
          terminateOnUpdate: false,
          updateTimeout: TIMEOUT,
        });
      new JobQueue(this, `${kind}-jobs`, {
        jobQueueName: names.jobQueue,
        computeEnvironments: [true, false].map((spot, order) => ({ computeEnvironment: environment(spot), order })),
        jobStateTimeLimitActions: Object.values(StuckBecause).map((reason) => ({
          reason,
          maxTime: RUNNABLE_LIMIT,
          state: JobStateTimeLimitActionsState.RUNNABLE,
        })),
      });
      new EcsJobDefinition(this, `${kind}-inference`, {
        jobDefinitionName: names.jobDefinition,
        container: this.#container(kind, config, { data, control, jobRole, executionRole, logs }),
        retryAttempts: ATTEMPTS,
        retryStrategies: [
          // A reclaimed Spot machine.
          RetryStrategy.of(Action.RETRY, Reason.custom({ onStatusReason: 'Host EC2*' })),
          RetryStrategy.of(Action.RETRY, Reason.custom({ onExitCode: TRY_AGAIN })),
          // Batch retries what no rule names.
          RetryStrategy.of(Action.EXIT, Reason.custom({ onReason: '*' })),
        ],
        timeout: TIMEOUT,
        propagateTags: true,
      });
    }
  }

  #network(): IVpc {
    const vpc = publicNetwork(this);
    vpc.addGatewayEndpoint('s3', { service: GatewayVpcEndpointAwsService.S3 });
    vpc.addGatewayEndpoint('dynamodb', { service: GatewayVpcEndpointAwsService.DYNAMODB });
    return vpc;
  }

  #machine(config: CloudConfig): LaunchTemplate {
    return new LaunchTemplate(this, 'machine', {
      launchTemplateName: `${config.name}-worker`,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      // A container cannot reach the machine's own credentials.
      httpPutResponseHopLimit: 1,
      userData: agentUserData(),
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(DISK_GIB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    });
  }

  #instanceRole(): Role {
    return new Role(this, 'instance-role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role')],
    });
  }

  #jobRoles(data: DataStack, control: ControlStack) {
    const assumedBy = new ServicePrincipal('ecs-tasks.amazonaws.com');
    const jobRole = new Role(this, 'job-role', { assumedBy });
    grantRows(data.table, jobRole);
    grantBlobs(data.blobs, jobRole);
    grantNodeKeys(data.nodeKeys, jobRole);
    control.queues['stage-jobs'].queue.grantConsumeMessages(jobRole);
    return { jobRole, executionRole: new Role(this, 'execution-role', { assumedBy }) };
  }

  #container(
    kind: JobKind,
    config: CloudConfig,
    parts: {
      readonly data: DataStack;
      readonly control: ControlStack;
      readonly jobRole: Role;
      readonly executionRole: Role;
      readonly logs: LogGroup;
    },
  ): EcsEc2ContainerDefinition {
    const { data, control, jobRole, executionRole, logs } = parts;
    const needs = jobNeeds(config, kind);
    const env: z.input<typeof WorkerEnv> = {
      DEPLOYMENT: config.name,
      LOG_LEVEL: 'info',
      TABLE_NAME: data.table.tableName,
      BLOBS_BUCKET: data.blobs.bucketName,
      NODES: config.nodes.map(({ address }) => address).join(','),
      NODE_KEYS_SECRET: data.nodeKeys.secretArn,
      [queueUrlKey('stage-jobs')]: control.queues['stage-jobs'].queue.queueUrl,
      LEASE_MS: String(LEASE_MS),
      // Messages go to workers on CPUs only: one with a GPU has nothing to wait for.
      LINGER_MS: String(kind === 'gpu' ? 0 : config.workers.lingerMs),
      LIFE_MS: String(LIFE_MS),
    };
    return new EcsEc2ContainerDefinition(this, `${kind}-container`, {
      image: workerImage(kind, config),
      cpu: needs.vcpus,
      memory: Size.mebibytes(needs.memoryMiB),
      ...(needs.gpus > 0 ? { gpu: needs.gpus } : {}),
      jobRole,
      executionRole,
      // ECS on EC2 tells no region, and the machine's metadata are out of reach.
      environment: { ...env, AWS_REGION: this.region },
      logging: LogDriver.awsLogs({ logGroup: logs, streamPrefix: kind }),
    });
  }
}

/**
 * A worker gets the time that it asks for after SIGTERM, where ECS gives 30 s, and SIGTERM also when Spot takes its machine back. MIME, since
 * Batch adds its own part: https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html
 */
const agentUserData = (): UserData => {
  const agent = UserData.forLinux();
  agent.addCommands(
    `echo ECS_CONTAINER_STOP_TIMEOUT=${(STOP_MS + STOP_MARGIN_MS) / 1_000}s >> /etc/ecs/ecs.config`,
    'echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config',
  );
  const parts = new MultipartUserData();
  parts.addPart(MultipartBody.fromUserData(agent));
  return parts;
};

/** By digest from the configuration; else built from the Dockerfile, which needs docker, and pushed under the digest of its sources. */
const workerImage = (kind: JobKind, { workers }: CloudConfig): ContainerImage => {
  const pinned = kind === 'gpu' ? workers.gpu?.image : workers.image;
  if (pinned !== undefined) return ContainerImage.fromRegistry(pinned);
  return ContainerImage.fromAsset(ROOT, {
    file: 'workers/inference/Dockerfile',
    platform: Platform.LINUX_AMD64,
    target: kind,
  });
};
