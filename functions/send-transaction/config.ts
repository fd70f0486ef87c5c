import { z } from 'zod';
import { ChainEnv, CommonEnv, envTypes, NodesEnv, queuesEnv, StoreEnv } from '../../shared/env.ts';

export const SendTransactionEnv = z.object({
  ...CommonEnv,
  ...StoreEnv,
  ...ChainEnv,
  ...NodesEnv,
  ...queuesEnv('send-transaction'),
  /** The one account that signs, for all nodes by their grants. Its key's address must be this one. */
  LANE_ADDRESS: envTypes.text,
  LANE_KEY: envTypes.text,
  BECH32_PREFIX: envTypes.text,
  /** A decimal and its denomination: '0.025unes'. */
  GAS_PRICE: envTypes.text,
});
