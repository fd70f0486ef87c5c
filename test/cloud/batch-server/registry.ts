import { BadInputError } from '../../../shared/errors.ts';
import { arn, type JobDefinition, type JobQueue } from './job.ts';
import type { JobDefinitionRequest, JobQueueRequest } from './requests.ts';

/** Queues and definitions, named by name or ARN; a definition also by `name:revision`. */
export class Registry {
  readonly #queues = new Map<string, JobQueue>();
  readonly #definitions: JobDefinition[] = [];

  createQueue(request: JobQueueRequest): JobQueue {
    const queue = { ...request, arn: arn(`job-queue/${request.jobQueueName}`) };
    if (this.#queues.has(queue.arn)) {
      throw new BadInputError('queue-exists', `object already exists: job queue ${request.jobQueueName}`);
    }
    this.#queues.set(queue.arn, queue);
    return queue;
  }

  register(request: JobDefinitionRequest): JobDefinition {
    const { jobDefinitionName: name } = request;
    const revision = this.#definitions.filter(({ jobDefinitionName }) => jobDefinitionName === name).length + 1;
    const definition = { ...request, revision, arn: arn(`job-definition/${name}:${revision}`) };
    this.#definitions.push(definition);
    return definition;
  }

  queues(): JobQueue[] {
    return [...this.#queues.values()];
  }

  definitions(): readonly JobDefinition[] {
    return this.#definitions;
  }

  queue(name: string): JobQueue {
    const found = this.queues().find(({ arn: known, jobQueueName }) => name === known || name === jobQueueName);
    if (found) return found;
    throw new BadInputError('unknown-queue', `job queue ${name} does not exist`);
  }

  definition(name: string): JobDefinition {
    const found = this.#definitions.findLast(({ arn: known, jobDefinitionName, revision }) =>
      [known, known.replace(/:\d+$/, ''), jobDefinitionName, `${jobDefinitionName}:${revision}`].includes(name),
    );
    if (found) return found;
    throw new BadInputError('unknown-definition', `job definition ${name} does not exist`);
  }
}
