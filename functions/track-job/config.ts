import { z } from 'zod';
import { CommonEnv, StoreEnv } from '../../shared/env.ts';

export const TrackJobEnv = z.object({ ...CommonEnv, ...StoreEnv });
