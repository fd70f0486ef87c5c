import { z } from 'zod';
import { BadInputError } from './errors.ts';
import type { QueueName } from './messages/queues.ts';

/**
 * Environment variables of functions and workers in the cloud. Each function's schema (`functions/<name>/config.ts`) is made of
 * these; the CDK app writes a function's variables by the same schema, so that a missing one fails at synth.
 */

const text = z.string().min(1);
const whole = z.string().regex(/^\d+$/, 'expected a whole number').transform(Number);
const list = text.transform((value) => value.split(','));
const flag = z.enum(['0', '1']).transform((value) => value === '1');

export const envTypes = { text, whole, list, flag };

/** Of every function. */
export const CommonEnv = {
  /** Name of the deployment: prefix of its resources, namespace of its metrics. */
  DEPLOYMENT: text,
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']),
};

export const StoreEnv = { TABLE_NAME: text };
export const BlobsEnv = { BLOBS_BUCKET: text };

export const ChainEnv = {
  CHAIN_ID: text,
  /** RPC URLs in order of preference, with commas between. */
  CHAIN_RPCS: list,
  CHAIN_CONTRACT: text,
  CHAIN_DENOM: text,
};

export const NodesEnv = {
  /** Addresses of the nodes that this deployment runs, with commas between. */
  NODES: list,
};

/** Secret of which all nodes' VRF and sealing keys are derived. */
export const NodeKeysEnv = { ...NodesEnv, NODE_KEYS_SECRET: text };

/** `'1'`: plain http to loopback is allowed for inputs and webhooks. For deployments into an emulator only. */
export const OutgoingEnv = { ALLOW_LOOPBACK_HTTP: flag };

/** Of a Batch queue or job definition by its name: the one for models that need a GPU. */
export const gpuName = (name: string): string => `${name}-gpu`;

/** `QUEUE_URL_ADVANCE_RUN` for queue `advance-run`. */
export const queueUrlKey = <N extends QueueName>(name: N): QueueUrlKey<N> =>
  `QUEUE_URL_${name.toUpperCase().replaceAll('-', '_')}` as QueueUrlKey<N>;

type Snake<S extends string> = S extends `${infer A}-${infer B}` ? `${Uppercase<A>}_${Snake<B>}` : Uppercase<S>;
export type QueueUrlKey<N extends QueueName> = `QUEUE_URL_${Snake<N>}`;

export const queuesEnv = <const N extends QueueName>(...names: readonly N[]): { [K in QueueUrlKey<N>]: typeof text } =>
  Object.fromEntries(names.map((name) => [queueUrlKey(name), text])) as { [K in QueueUrlKey<N>]: typeof text };

/**
 * Reads variables once, at cold start.
 * @throws {BadInputError} `bad-environment` with every problem: names only, never values
 */
export const readEnv = <T>(schema: z.ZodType<T>, env: Readonly<Record<string, string | undefined>>): T => {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message.toLowerCase()}`);
  throw new BadInputError('bad-environment', `the environment does not fit: ${problems.join('; ')}`, {
    next: 'deploy the function again with the CDK app of this release',
    details: { problems },
  });
};
