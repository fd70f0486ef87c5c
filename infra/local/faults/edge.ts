import { systemClock } from '../../../shared/adapters/system/clock.ts';
import { toHex } from '../../../shared/protocol/encoding.ts';
import { sha256 } from '../../../shared/protocol/sha2.ts';
import type { BlockFeed, Devchain, JsonRpcRequest, RpcHandle } from '../../chain/devchain/index.ts';
import {
  dropBroadcasts,
  failTransport,
  laggingNode,
  loseAnswers,
  silentDrop,
  silentSocket,
} from '../../chain/devchain/rpc/faults.ts';
import { understateGas } from '../../chain/devchain/rpc/understate-gas.ts';
import { signingClient } from '../bootstrap.ts';
import type { House, HouseOptions } from '../house.ts';
import type { Say } from '../say.ts';
import { DEVNET } from '../settings.ts';
import type { EdgeFault } from './names.ts';

/** A fault between the deployment and the chain, with the count of how often it struck. */
export interface PlayedEdge {
  readonly options: Partial<HouseOptions>;
  struck(): number;
  /** From here on it strikes: the house is up and the query asked. */
  arm(house: House, signal: AbortSignal): Promise<void>;
}

/** Blocks that the lagging node is behind, now and then. */
const LAG_BLOCKS = 7;
/** Simulations that say too little, and what they say of the truth; without the floor that would make up for it here. */
const UNDERSTATED = { times: 4, share: 0.6 };
const NO_FLOOR = { minGas: 1 };
/** The minimum gas price after the spike. */
const SPIKE = '0.1';

/** What stands before the RPC; `strikes` counts, and says no until the fault is armed. */
type Wrap = (handle: RpcHandle, strikes: (what: string) => boolean) => RpcHandle | readonly RpcHandle[];

const once = (): ((key: string) => boolean) => {
  const seen = new Set<string>();
  return (key) => !seen.has(key) && seen.add(key) !== undefined;
};

const WRAPS: Readonly<Partial<Record<EdgeFault, Wrap>>> = {
  'lagging-rpc': (handle, strikes) => {
    let requests = 0;
    // Ten requests late, ten on time: heights go down between two calls, as behind a load balancer.
    const late = (): boolean => requests++ % 20 >= 10 && strikes(`answers ${LAG_BLOCKS} blocks late`);
    return laggingNode(handle, () => (late() ? LAG_BLOCKS : 0));
  },
  'failing-rpc': (handle, strikes) => {
    const sick = failTransport(handle, () => {
      const status = Math.floor(systemClock.nowMs() / 1_000) % 2 === 0 ? 429 : 502;
      if (!strikes(`answers ${status}`)) return undefined;
      return status === 429 ? { status, retryAfterS: 1 } : status;
    });
    return [sick, handle];
  },
  'silent-rpc': (handle, strikes) => [silentDrop(handle, () => strikes('never answers')), handle],
  'dropped-tx': (handle, strikes) => {
    const first = once();
    return dropBroadcasts(handle, (tx) => first(toHex(sha256(tx))) && strikes('takes a transaction and forgets it'));
  },
  'lost-answer': (handle, strikes) => {
    const first = once();
    const broadcast = ({ method, params }: JsonRpcRequest): boolean =>
      method === 'broadcast_tx_sync' && first(JSON.stringify(params));
    return loseAnswers(handle, (request) => broadcast(request) && strikes('takes a transaction, the answer is lost'));
  },
  'out-of-gas': (handle, strikes) => {
    let left = UNDERSTATED.times;
    return understateGas(handle, () =>
      left > 0 && strikes(`says ${UNDERSTATED.share} of the gas that is needed`) && left-- > 0
        ? UNDERSTATED.share
        : undefined,
    );
  },
};

/** Says each kind of blow once and counts all. */
const tally = (say: Say) => {
  const told = new Set<string>();
  let armed = false;
  let struck = 0;
  return {
    arm: () => {
      armed = true;
    },
    struck: () => struck,
    strikes: (what: string): boolean => {
      if (!armed) return false;
      struck += 1;
      if (!told.has(what)) say('fault', `the RPC ${what}`);
      told.add(what);
      return true;
    },
  };
};

export const playEdge = (fault: EdgeFault, say: Say): PlayedEdge => {
  const { arm, struck, strikes } = tally(say);
  const wrap = WRAPS[fault];
  const mute = (blocks: BlockFeed): BlockFeed => silentSocket(blocks, () => strikes('says nothing on its socket'));
  return {
    options: {
      ...(wrap && { rpcOf: (handle: RpcHandle) => wrap(handle, strikes) }),
      ...(fault === 'out-of-gas' && { terms: NO_FLOOR }),
      ...(fault === 'silent-rpc' && { feedOf: mute }),
    },
    struck,
    arm: async (house, signal) => {
      arm();
      if (fault === 'fee-spike') await spike(devchainOf(house), house, strikes, signal);
      if (fault === 'sequence-clash') await clash(house, strikes, signal);
    },
  };
};

const devchainOf = ({ devchain, chain }: House): Devchain => {
  if (devchain) return devchain;
  throw new RangeError(`the gas price of ${chain.chainId} is not ours to raise`);
};

/** Once the first commit is in, every further transaction must pay four times as much. */
const spike = async (
  devchain: Devchain,
  { chain }: House,
  strikes: (what: string) => boolean,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    const [query] = await chain.live(undefined, 1);
    if ((query?.opening?.committed ?? 0) > 0) break;
    await systemClock.sleep(DEVNET.blockMs / 10, signal);
  }
  devchain.setMinGasPrice(SPIKE);
  strikes(`asks for ${SPIKE} instead of ${DEVNET.gasPrice}`);
};

/** A second process signs with the accounts of two nodes: whoever comes second finds its sequence used. */
const clash = async (house: House, strikes: (what: string) => boolean, signal: AbortSignal): Promise<void> => {
  const { keystore, comet, chain } = house;
  const fee = { amount: [{ denom: DEVNET.denom, amount: '2500' }], gas: '100000' };
  const one = [{ denom: DEVNET.denom, amount: '1' }];
  const rivals = ['node-1', 'node-2'].map((name) => keystore.account(name));
  while (!signal.aborted && (await chain.live(undefined, 1)).length > 0) {
    await Promise.all(
      rivals.map(async (signer) => {
        // Whether it wins or loses the race is the point.
        const client = signingClient(comet, signer);
        const sent = await client.sendTokens(signer.address, signer.address, one, fee).catch(() => undefined);
        if (sent) strikes('took a transaction of a second process with the same account');
      }),
    );
  }
};
