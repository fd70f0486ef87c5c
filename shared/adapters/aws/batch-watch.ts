import { type BatchClient, DescribeJobsCommand } from '@aws-sdk/client-batch';
import { type JobState, type JobWatch, jobStateOf } from '../../ports/job-watch.ts';
import { fromAws } from './aws-errors.ts';

/** Most ids of one DescribeJobs. */
const MAX_IDS = 100;

export const batchWatch = (client: BatchClient): JobWatch => ({
  describe: async (ids) => {
    const found: JobState[] = [];
    for (let at = 0; at < ids.length; at += MAX_IDS) {
      try {
        const { jobs = [] } = await client.send(new DescribeJobsCommand({ jobs: ids.slice(at, at + MAX_IDS) }));
        found.push(...jobs.map(jobStateOf));
      } catch (error) {
        throw fromAws(error, 'describe batch jobs');
      }
    }
    return found;
  },
});
