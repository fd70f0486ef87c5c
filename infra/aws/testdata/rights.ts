import { type Found, ofType } from './synth.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** One line for each statement of each role, as a reviewer reads it: `role: actions on resources if conditions`. */
export const rightsTable = (resources: readonly Found[]): string => {
  const lines = ofType(resources, 'AWS::IAM::Policy').flatMap(({ stack, Properties }) =>
    (Properties.PolicyDocument.Statement as Statement[]).map((statement) => {
      const role = list(Properties.Roles).map(nameOf).join(', ');
      const { Effect, Action, Resource, Condition } = statement;
      const what = list(Action).join(', ');
      const where = list(Resource).map(nameOf).join(', ');
      const when = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
      return `${stack}/${role}: ${Effect === 'Allow' ? '' : `${Effect} `}${what} on ${where}${when}`;
    }),
  );
  const managed = ofType(resources, 'AWS::IAM::Role').flatMap(({ stack, id, Properties }) =>
    list(Properties.ManagedPolicyArns ?? []).map((arn) => `${stack}/${withoutHash(id)}: managed ${nameOf(arn)}`),
  );
  return [...new Set([...lines, ...managed])].sort().join('\n');
};

/** What a reference means: the resource and its attribute, without the CDK's hashes. */
const nameOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [kind, of] = Object.entries(value as Record<string, unknown>)[0] ?? [];
  if (kind === 'Ref') return String(of).startsWith('AWS::') ? `<${String(of).slice(5)}>` : withoutHash(String(of));
  if (kind === 'Fn::GetAtt')
    return (of as readonly string[]).map((part, at) => (at === 0 ? withoutHash(part) : part)).join('.');
  if (kind === 'Fn::Join') return (of as [string, unknown[]])[1].map(nameOf).join('');
  if (kind === 'Fn::GetStackOutput') {
    const { StackName, OutputName } = of as { readonly StackName: string; readonly OutputName: string };
    const output = OutputName.replace(/^PublishOutput(FnGetAtt|Ref)/, '').replace(/[0-9A-F]{8}$/, '');
    return `${StackName.split('-').at(-1)}:${withoutHash(output)}`;
  }
  return JSON.stringify(value);
};

const withoutHash = (id: string): string => id.replace(/[0-9A-F]{8}(?=$|Arn$)/, '');
