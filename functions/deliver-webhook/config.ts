import { z } from 'zod';
import { CommonEnv, OutgoingEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';

export const DeliverWebhookEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...OutgoingEnv,
  ...queuesEnv('deliver-webhook'),
});
