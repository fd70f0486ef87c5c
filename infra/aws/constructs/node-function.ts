import { DockerImage, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { AssetHashType } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { z } from 'zod';
import { BadInputError } from '../../../shared/errors.ts';
import { bundleFunction, functionFolder } from './bundle.ts';

export interface NodeFunctionProps {
  /** Of the deployment; the function is `<deployment>-<id>`. */
  readonly deployment: string;
  readonly description: string;
  /** What the function reads at its cold start (`functions/<id>/config.ts`). */
  readonly schema: z.ZodObject;
  readonly env: z.input<z.ZodObject>;
  readonly timeout: Duration;
  readonly memoryMiB: number;
  /** For what has no mapping that bounds it. */
  readonly reservedConcurrency?: number;
}

/** `functions/<id>/lambda.ts`, bundled; with a role that may write its own log and trace, and nothing else until granted. */
export class NodeFunction extends LambdaFunction {
  /** @throws {BadInputError} `bad-function-env` if a variable is missing, unknown, or not what the function reads */
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const logs = new LogGroup(scope, `${id}-logs`, {
      logGroupName: `/aws/lambda/${props.deployment}-${id}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}-role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    super(scope, id, {
      functionName: `${props.deployment}-${id}`,
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: bundled(id),
      environment: checkedEnv(id, props.schema, props.env),
      timeout: props.timeout,
      memorySize: props.memoryMiB,
      tracing: Tracing.ACTIVE,
      logGroup: logs,
      role,
      // Lines of START, END and REPORT cost more than they tell: durations are metrics.
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      ...(props.reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: props.reservedConcurrency }),
    });
    logs.grantWrite(role);
  }
}

const bundled = (id: string): Code =>
  Code.fromAsset(functionFolder(id), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used: what is bundled here needs no container.
      image: DockerImage.fromRegistry('none'),
      local: { tryBundle: (outDir) => bundleFunction(id, outDir) > 0 },
    },
  });

const checkedEnv = (id: string, schema: z.ZodObject, env: object): Record<string, string> => {
  const result = schema.strict().safeParse(env);
  if (result.success) return env as Record<string, string>;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || '(all)'}: ${message}`);
  throw new BadInputError('bad-function-env', `the environment of ${id} does not fit: ${problems.join('; ')}`, {
    next: `write exactly what functions/${id}/config.ts reads`,
    details: { problems },
  });
};
