import { systemClock as clock } from '../../adapters/system/clock.ts';
import { type ConnectedChain, connectEndpoints } from '../../chain/rpc/connect.ts';

interface ChainVariables {
  readonly CHAIN_ID: string;
  readonly CHAIN_RPCS: readonly string[];
  readonly CHAIN_CONTRACT: string;
  readonly CHAIN_DENOM: string;
}

/** An endpoint that hangs must leave time for the next one: the shortest invocations last 15 s. */
const RPC_DEADLINE_MS = 3_000;

/** Asks nobody yet. */
export const openChain = (env: ChainVariables): Promise<ConnectedChain> =>
  connectEndpoints({
    endpoints: env.CHAIN_RPCS,
    chainId: env.CHAIN_ID,
    contract: env.CHAIN_CONTRACT,
    denom: env.CHAIN_DENOM,
    clock,
    deadlineMs: RPC_DEADLINE_MS,
  });
