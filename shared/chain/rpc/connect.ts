import type { RpcClient } from '@cosmjs/tendermint-rpc';
import type { BlockSource } from '../../ports/block-source.ts';
import type { Chain } from '../../ports/chain.ts';
import type { Clock } from '../../ports/clock.ts';
import { connectChain } from '../comet-chain.ts';
import type { EndpointState } from './endpoint.ts';
import { FAILOVER_DEFAULTS, type FailoverSettings, failover } from './failover.ts';
import { httpTransport, nameOf, type RpcTransport } from './transport.ts';

export interface EndpointsOptions extends Partial<Omit<FailoverSettings, 'clock'>> {
  /** URLs in order of preference, or transports with names (in-process chains, faults). */
  readonly endpoints: readonly (string | { readonly name: string; readonly transport: RpcTransport })[];
  readonly chainId: string;
  readonly contract: string;
  readonly denom: string;
  readonly clock: Clock;
}

export interface ConnectedChain {
  /** Over whichever endpoint can answer. */
  readonly chain: Chain;
  /** The same way, for what {@link Chain} does not ask. */
  readonly rpc: RpcClient;
  /** Each endpoint by itself, to compare what they say. */
  readonly sources: readonly BlockSource[];
  readonly endpoints: () => EndpointState[];
}

/** A chain behind several RPC endpoints. @throws {BadInputError} `no-rpc`, `rpc-url`, `rpc-names` */
export const connectEndpoints = async (options: EndpointsOptions): Promise<ConnectedChain> => {
  const { endpoints, chainId, contract, denom, ...settings } = options;
  const pool = failover(
    endpoints.map((e) => (typeof e === 'string' ? { name: nameOf(e), transport: httpTransport(e) } : e)),
    { ...FAILOVER_DEFAULTS, ...settings, chainId },
  );
  const on = (rpc: Parameters<typeof connectChain>[0]['rpc']) => connectChain({ rpc, chainId, contract, denom });
  const sources = pool.names.map(async (name) => {
    const { block } = await on(pool.only(name));
    return { name, block };
  });
  return {
    chain: await on(pool.client),
    rpc: pool.client,
    sources: await Promise.all(sources),
    endpoints: pool.states,
  };
};
