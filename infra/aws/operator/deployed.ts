import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { fromAws } from '../../../shared/adapters/aws/aws-errors.ts';
import { BadInputError } from '../../../shared/errors.ts';

/** What a stack says of itself (`CfnOutput`), and how CloudFormation says it is. */
export interface DeployedStack {
  readonly name: string;
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Undefined if there is no such stack. */
export const findStack = async (client: CloudFormationClient, name: string): Promise<DeployedStack | undefined> => {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks;
    if (!stack || stack.StackStatus === 'DELETE_COMPLETE') return undefined;
    const outputs = Object.fromEntries(
      (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    );
    return { name, status: stack.StackStatus ?? 'unknown', outputs };
  } catch (error) {
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw fromAws(error, `look at stack ${name}`);
  }
};

/**
 * An output of a stack that must be deployed.
 * @throws {BadInputError} `not-deployed`, `no-output`
 */
export const outputOf = (stack: DeployedStack | undefined, stackName: string, key: string): string => {
  if (!stack) {
    throw new BadInputError('not-deployed', `there is no stack ${stackName} in this account and region`, {
      next: 'Deploy it first (docs/deploy.md), or point AWS_PROFILE and AWS_REGION at where it is.',
    });
  }
  const value = stack.outputs[key];
  if (value !== undefined) return value;
  throw new BadInputError('no-output', `stack ${stackName} has no output ${key}: it is of another release`, {
    next: 'Deploy it again with this release.',
  });
};
