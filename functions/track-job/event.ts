import { z } from 'zod';
import { JOBS_VARIABLE, parseStageJobs, type StageJobsMessage } from '../../shared/messages/stage-job.ts';

export const BLOCKED = 'Batch Job Queue Blocked';

const Container = z.looseObject({ exitCode: z.int().optional(), reason: z.string().optional() });

/**
 * EventBridge's events of AWS Batch: "Batch Job State Change" and "Batch Job Queue Blocked", whose detail is what DescribeJobs gives.
 * Loose, since AWS adds fields; what is read here must be as documented.
 */
export const BatchEvent = z.looseObject({
  'detail-type': z.string(),
  detail: z.looseObject({
    jobId: z.string().min(1),
    /** ARN of the queue: ends in `:job-queue/<name>`. */
    jobQueue: z.string().min(1),
    status: z.string().min(1),
    statusReason: z.string().optional(),
    attempts: z.array(z.unknown()).default([]),
    createdAt: z.number().optional(),
    arrayProperties: z.looseObject({ size: z.int().optional() }).optional(),
    container: Container.extend({
      environment: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
    }).optional(),
  }),
});
export type BatchEvent = z.infer<typeof BatchEvent>;

export const queueNameOf = ({ detail }: BatchEvent): string => detail.jobQueue.split('/').at(-1) ?? '';

/** What the job was told to run, from its own variables; undefined for a job that is not ours. */
export const placementOf = ({ detail }: BatchEvent): StageJobsMessage | undefined => {
  const text = detail.container?.environment.find(({ name }) => name === JOBS_VARIABLE)?.value;
  return text === undefined ? undefined : parseStageJobs(text);
};
