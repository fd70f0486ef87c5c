import middy from '@middy/core';
import { type Tracked, type TrackJobDeps, trackJob } from './use-case.ts';

/** Called by EventBridge for each event of AWS Batch. */
export const createHandler = (deps: TrackJobDeps) =>
  middy(async (event: unknown): Promise<Tracked> => await trackJob(deps, event));
