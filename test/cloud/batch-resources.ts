import {
  BatchClient,
  CreateJobQueueCommand,
  type CreateJobQueueCommandInput,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
} from '@aws-sdk/client-batch';
import type { CloudConfig } from '../../infra/aws/config.ts';
import type { BatchSimulator } from './batch-server/batch-simulator.ts';
import { isUnresolved, resourcesOf } from './deploy/template-values.ts';
import type { Emulator } from './emulators.ts';
import { PLACE, synthStacks } from './synth.ts';

type Properties = Readonly<Record<string, unknown>>;

/** CloudFormation writes names with a capital, the API of Batch with a small letter; names of variables stay as they are. */
const asApi = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asApi);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, asApi(item)]),
  );
};

/**
 * Makes the queues and job definitions of the compute-batch stack at the Batch simulator, as the stack's own template says, since the
 * emulator refuses that stack.
 */
export const makeBatchResources = async (
  emulator: Pick<Emulator, 'clientConfig'>,
  simulator: Pick<BatchSimulator, 'url'>,
  config: CloudConfig,
): Promise<void> => {
  // A real deployment wants the image by digest; here nobody pulls it.
  const image = `example.org/quorate/inference@sha256:${'0'.repeat(64)}`;
  const stacks = synthStacks({ ...config, emulated: false, workers: { ...config.workers, image } }, 'templates only');
  const stack = `${config.name}-compute-batch`;
  const find = async (type: string) =>
    (await resourcesOf(emulator, stacks, PLACE, { stack, type })).map((found) => asApi(found) as Properties);
  const batch = new BatchClient({ ...emulator.clientConfig, endpoint: simulator.url });
  for (const queue of await find('AWS::Batch::JobQueue')) {
    await batch.send(new CreateJobQueueCommand(queue as unknown as CreateJobQueueCommandInput));
  }
  for (const found of await find('AWS::Batch::JobDefinition')) {
    const definition = found as unknown as RegisterJobDefinitionCommandInput;
    const missing = definition.containerProperties?.environment?.filter(({ value = '' }) => isUnresolved(value)) ?? [];
    if (missing.length > 0) throw new Error(`no value for ${missing.map(({ name }) => name).join(', ')}`);
    await batch.send(new RegisterJobDefinitionCommand(definition));
  }
};
