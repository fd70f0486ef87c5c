import { BatchClient } from '@aws-sdk/client-batch';
import { batchHost } from '../../adapters/aws/batch-host.ts';
import { batchWatch } from '../../adapters/aws/batch-watch.ts';
import { gpuName } from '../../env.ts';
import type { JobHost } from '../../ports/job-host.ts';
import type { JobWatch } from '../../ports/job-watch.ts';
import { invocationTrace } from '../invocation-trace.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

interface BatchVariables {
  readonly BATCH_QUEUE: string;
  readonly BATCH_JOB_DEFINITION: string;
  readonly GPU_MODELS?: readonly string[] | undefined;
}

export const openBatchHost = (env: BatchVariables): JobHost => {
  const { BATCH_QUEUE: jobQueue, BATCH_JOB_DEFINITION: jobDefinition } = env;
  const onCpu = { jobQueue, jobDefinition };
  const onGpu = { jobQueue: gpuName(jobQueue), jobDefinition: gpuName(jobDefinition) };
  return batchHost({
    // One attempt: the host itself looks whether a lost answer was a yes.
    client: new BatchClient({ ...CLIENT_SETTINGS, maxAttempts: 1 }),
    queueOf: (model) => (env.GPU_MODELS?.includes(model) ? onGpu : onCpu),
    trace: invocationTrace,
  });
};

export const openBatchWatch = (): JobWatch => batchWatch(new BatchClient(CLIENT_SETTINGS));
