import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { InvariantError } from '../../../shared/errors.ts';
import type { Emulator } from '../emulators.ts';
import type { AssembledStack, Place } from './assembly.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Json }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: Json }>>;
}

export interface Wanted {
  readonly stack: string;
  readonly type: string;
}

/**
 * Properties of resources that the emulator refuses to make, with the references in them filled in from what it did make: the other
 * stacks must be deployed under the same names. What only the refused stack itself would make reads `unresolved:...`.
 */
export const resourcesOf = async (
  { clientConfig }: Pick<Emulator, 'clientConfig'>,
  stacks: readonly AssembledStack[],
  place: Place,
  { stack, type }: Wanted,
): Promise<Json[]> => {
  const client = new CloudFormationClient(clientConfig);
  const templates = new Map(stacks.map(({ name, template }) => [name, JSON.parse(template) as Template]));
  const made = async (StackName: string, LogicalResourceId: string): Promise<string> => {
    const found = await client.send(new DescribeStackResourcesCommand({ StackName, LogicalResourceId }));
    const name = found.StackResources?.[0]?.PhysicalResourceId;
    if (name !== undefined) return name;
    throw new InvariantError(
      'no-resource',
      `stack ${StackName} has no resource ${LogicalResourceId} that was deployed`,
    );
  };
  const fill = async (at: string, value: Json): Promise<Json> => {
    if (Array.isArray(value)) return await Promise.all(value.map((item) => fill(at, item)));
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = ['', null]] = Object.entries(value);
    if (name === 'Ref')
      return pseudo(place, String(argument)) ?? (at === stack ? unresolved(value) : await made(at, String(argument)));
    if (name === 'Fn::GetAtt') return unresolved(value);
    if (name === 'Fn::GetStackOutput') {
      const { StackName, OutputName } = argument as { StackName: string; OutputName: string };
      return await fill(StackName, templates.get(StackName)?.Outputs?.[OutputName]?.Value ?? unresolved(value));
    }
    const entries = Object.entries(value).map(async ([key, item]) => [key, await fill(at, item)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const found = Object.values(templates.get(stack)?.Resources ?? {}).filter(({ Type }) => Type === type);
  return await Promise.all(found.map(({ Properties = {} }) => fill(stack, Properties)));
};

const UNRESOLVED = 'unresolved:';

const unresolved = (value: Json): string => `${UNRESOLVED}${JSON.stringify(value)}`;

export const isUnresolved = (value: string): boolean => value.startsWith(UNRESOLVED);

const pseudo = ({ account, region }: Place, name: string): string | undefined =>
  ({ 'AWS::Region': region, 'AWS::AccountId': account, 'AWS::Partition': 'aws' })[name];
