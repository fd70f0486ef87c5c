import { readFileSync } from 'node:fs';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import {
  LambdaClient,
  PutFunctionConcurrencyCommand,
  type PutFunctionConcurrencyCommandInput,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../../../shared/adapters/system/clock.ts';
import { TransientError } from '../../../shared/errors.ts';
import type { Emulator } from '../emulators.ts';
import type { AssembledStack } from './assembly.ts';
import { zipFolder } from './zip.ts';

const STACK_TIMEOUT_MS = 120_000;
const CAPABILITIES = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'] as const;

/**
 * What `cdk deploy` does, by API: assets into their bucket, then the stacks one after the other. And what the emulator's CloudFormation
 * leaves out: without their reserved concurrency, functions would run in any number at once.
 */
export const deployStacks = async (
  { clientConfig }: Pick<Emulator, 'clientConfig'>,
  stacks: readonly AssembledStack[],
): Promise<void> => {
  const s3 = new S3Client({ ...clientConfig, forcePathStyle: true });
  const cloudFormation = new CloudFormationClient(clientConfig);
  const lambda = new LambdaClient(clientConfig);
  for (const { name, template, templateUrl, assets } of stacks) {
    for (const { path, isFolder, bucket, key } of assets) {
      await haveBucket(s3, bucket);
      const Body = isFolder ? zipFolder(path) : readFileSync(path);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }));
    }
    await deployStack(cloudFormation, name, templateUrl);
    for (const input of reservedConcurrency(template)) await lambda.send(new PutFunctionConcurrencyCommand(input));
  }
};

interface FunctionResource {
  readonly Type: string;
  readonly Properties?: { readonly FunctionName?: string; readonly ReservedConcurrentExecutions?: number };
}

const reservedConcurrency = (template: string): PutFunctionConcurrencyCommandInput[] => {
  const { Resources }: { Resources: Readonly<Record<string, FunctionResource>> } = JSON.parse(template);
  return Object.values(Resources).flatMap(
    ({ Type, Properties: { FunctionName, ReservedConcurrentExecutions } = {} }) =>
      Type === 'AWS::Lambda::Function' && ReservedConcurrentExecutions !== undefined
        ? [{ FunctionName, ReservedConcurrentExecutions }]
        : [],
  );
};

const haveBucket = async (s3: S3Client, Bucket: string): Promise<void> => {
  try {
    await s3.send(new HeadBucketCommand({ Bucket }));
  } catch {
    await s3.send(new CreateBucketCommand({ Bucket }));
  }
};

const statusOf = async (client: CloudFormationClient, StackName: string): Promise<string | undefined> => {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus;
  } catch {
    return undefined;
  }
};

const deployStack = async (client: CloudFormationClient, StackName: string, TemplateURL: string): Promise<void> => {
  const input = { StackName, TemplateURL, Capabilities: [...CAPABILITIES] };
  const isNew = (await statusOf(client, StackName)) === undefined;
  try {
    await client.send(isNew ? new CreateStackCommand(input) : new UpdateStackCommand(input));
  } catch (error) {
    if (!isNew && error instanceof Error && error.message.includes('No updates')) return;
    throw error;
  }
  await settled(client, StackName, isNew ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
};

/** Waits for the status. @throws {TransientError} `stack-failed` with what CloudFormation said of its resources */
const settled = async (client: CloudFormationClient, name: string, wanted: string): Promise<void> => {
  const deadlineMs = systemClock.nowMs() + STACK_TIMEOUT_MS;
  for (;;) {
    const status = await statusOf(client, name);
    if (status === wanted) return;
    const isOver = status === undefined || /FAILED|ROLLBACK_COMPLETE/.test(status);
    if (isOver || systemClock.nowMs() > deadlineMs) {
      const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: name }));
      const failed = StackEvents.filter(({ ResourceStatus }) => ResourceStatus?.includes('FAILED')).map(
        (event) => `${event.LogicalResourceId} (${event.ResourceType}): ${event.ResourceStatusReason}`,
      );
      throw new TransientError('stack-failed', `stack ${name} is ${status}, expected ${wanted}: ${failed.join('; ')}`);
    }
    await systemClock.sleep(100);
  }
};
