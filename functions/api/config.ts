import { z } from 'zod';
import { BlobsEnv, ChainEnv, CommonEnv, envTypes, OutgoingEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';
import { FUNCTION_QUEUES } from '../../shared/messages/queues.ts';
import { Tenant } from '../../shared/rows/tenant.ts';

const tenants = envTypes.text.transform((value, context): Tenant[] => {
  const list = z.array(Tenant).safeParse(parsed(value));
  if (list.success) return list.data;
  context.addIssue('expected a JSON list of tenants');
  return z.NEVER;
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const ApiEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...BlobsEnv,
  ...ChainEnv,
  ...OutgoingEnv,
  ...queuesEnv(...FUNCTION_QUEUES, 'stage-jobs'),
  /** Base of links and input URIs, without a slash at the end. */
  PUBLIC_URL: envTypes.text,
  MAX_SEATS: envTypes.whole,
  DEFAULT_MODEL: envTypes.text.optional(),
  /** Pays for custodial asks. */
  LANE_ADDRESS: envTypes.text,
  /** JSON list of {@link Tenant}: who may ask at this deployment's cost. Nobody, if empty. */
  TENANTS: tenants,
});
