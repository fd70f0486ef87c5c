import { z } from 'zod';
import { CommonEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';
import { FUNCTION_QUEUES } from '../../shared/messages/queues.ts';

export const RelayOutboxEnv = z.object({ ...CommonEnv, ...StoreEnv, ...queuesEnv(...FUNCTION_QUEUES) });
