import { gpuName } from '../../shared/env.ts';
import type { CloudConfig } from './config.ts';

export type JobKind = 'cpu' | 'gpu';
type Model = CloudConfig['models'][number];

export const kindOf = ({ gpus }: Model): JobKind => (gpus > 0 ? 'gpu' : 'cpu');

/** Machines with GPUs cost much, so nothing is made for them unless a model asks. */
export const jobKinds = (config: CloudConfig): readonly JobKind[] =>
  config.models.some((model) => kindOf(model) === 'gpu') ? ['cpu', 'gpu'] : ['cpu'];

/** Models whose jobs have a queue and a definition of their own, so that none of them waits for the other kind's machine. */
export const gpuModels = (config: CloudConfig): readonly string[] =>
  config.models.filter((model) => kindOf(model) === 'gpu').map(({ id }) => id);

/** Names of what compute-batch makes. The control stack knows them without a reference, so each of the two can be replaced alone. */
export const batchNames = (config: CloudConfig, kind: JobKind = 'cpu') => {
  const names = { jobQueue: `${config.name}-jobs`, jobDefinition: `${config.name}-inference` };
  if (kind === 'cpu') return names;
  return { jobQueue: gpuName(names.jobQueue), jobDefinition: gpuName(names.jobDefinition) };
};

/** Of one compute environment. */
export const maxVcpus = ({ workers }: CloudConfig, kind: JobKind): number =>
  kind === 'gpu' ? (workers.gpu?.maxVcpus ?? 0) : workers.maxVcpus;

/** What a job definition asks for: enough for each of its kind's models. */
export const jobNeeds = (config: CloudConfig, kind: JobKind) => {
  const models = config.models.filter((model) => kindOf(model) === kind);
  const most = (of: (model: Model) => number): number => Math.max(0, ...models.map(of));
  return {
    vcpus: Math.max(
      1,
      most(({ vcpus }) => vcpus),
    ),
    memoryMiB: Math.max(
      512,
      most(({ memoryMiB }) => memoryMiB),
    ),
    gpus: most(({ gpus }) => gpus),
  };
};

/** Workers that one compute environment of each kind has room for. */
export const maxWorkers = (config: CloudConfig): number =>
  Math.min(...jobKinds(config).map((kind) => Math.floor(maxVcpus(config, kind) / jobNeeds(config, kind).vcpus)));
