import { systemClock } from '../../../shared/adapters/system/clock.ts';
import type { Chain } from '../../../shared/ports/chain.ts';
import type { JobHost } from '../../../shared/ports/job-host.ts';
import { workerOf } from '../../../workers/inference/worker-host.ts';
import type { RpcHandle } from '../../chain/devchain/index.ts';
import { hideEvents, inventEvents, type RpcEvent } from '../../chain/devchain/rpc/faults.ts';
import { signingClient } from '../bootstrap.ts';
import type { House, HouseOptions } from '../house.ts';
import type { LocalNode } from '../node.ts';
import type { Say } from '../say.ts';
import { DEVNET } from '../settings.ts';
import type { FaultName } from './names.ts';
import { type Cheat, cheatOnce } from './rogue-node.ts';

/** The node that cheats, or loses its worker. */
export const SUSPECT = 'node-1';

/** A query that was never asked. */
const INVENTED_ID = 424_242;

/** Short, so that a reveal that never comes is known soon. */
const FAULT_REVEAL_BLOCKS = 12;

const CHEATS: ReadonlySet<FaultName> = new Set(['copy-commit', 'wrong-result', 'late-reveal', 'no-reveal']);
export const isCheat = (fault: FaultName): fault is Cheat => CHEATS.has(fault);

/** How the house is built for a fault: what stands between its parts. */
export const faultOptions = (fault: FaultName, say: Say): Partial<HouseOptions> => {
  if (isCheat(fault)) return { rogue: SUSPECT, revealBlocks: FAULT_REVEAL_BLOCKS };
  if (fault === 'dead-worker') return { hostOf: (node) => (node.name === SUSPECT ? killOnce(node, say) : node.host) };
  return { rpcOf: (handle) => lie(handle, say) };
};

/** The first run of the node loses the worker of its second stage as soon as the work is placed. */
const killOnce = ({ name, host }: LocalNode, say: Say): JobHost => {
  let killed = false;
  return {
    start: async (jobs) => {
      const started = await host.start(jobs);
      if (!killed) {
        killed = true;
        const stages = jobs[0]?.stages ?? 1;
        const worker = workerOf(1, stages, 2);
        say('fault', `worker ${worker} of ${name} is killed in mid-query`);
        await host.restart(worker);
      }
      return started;
    },
  };
};

/** An RPC that says nothing, at the first reading, of a query that is asked, and tells of one that nobody asked. */
const lie = (handle: RpcHandle, say: Say): RpcHandle => {
  const of = (event: RpcEvent, key: string): string | undefined => event.attributes.find((a) => a.key === key)?.value;
  const hidden = new Set<string>();
  const hiding = hideEvents(handle, (event, { height }) => {
    const kind = of(event, 'kind') ?? '';
    const told = `${height}/${kind}`;
    if (event.type !== 'wasm-quorate' || !['asked', 'opened'].includes(kind) || hidden.has(told)) return false;
    hidden.add(told);
    say('fault', `the RPC hides '${kind}' of query ${of(event, 'query_id')} at height ${height}`);
    return true;
  });
  let place = '';
  return inventEvents(hiding, ({ height, txIndex }) => {
    if (inventedAttributes.length === 0) return [];
    if (place === '') {
      place = `${height}/${txIndex}`;
      say('fault', `the RPC invents query ${INVENTED_ID} at height ${height}`);
    }
    return place === `${height}/${txIndex}` ? [{ type: 'wasm-quorate', attributes: inventedAttributes }] : [];
  });
};

const inventedAttributes: RpcEvent['attributes'][number][] = [];

/** The contract's address, once it is known, for the event that is made up. */
export const armLie = (chain: Chain): void => {
  inventedAttributes.push(
    { key: '_contract_address', value: chain.contract },
    { key: 'kind', value: 'opened' },
    { key: 'query_id', value: String(INVENTED_ID) },
    { key: 'attempt', value: '0' },
    { key: 'msg_index', value: '0' },
  );
};

/** Plays the rogue's part in the query, if the fault has one. */
export const playRogue = async (
  fault: FaultName,
  house: House,
  queryId: number,
  say: Say,
  signal: AbortSignal,
): Promise<void> => {
  if (!isCheat(fault)) return;
  const signer = house.keystore.node(SUSPECT);
  const client = signingClient(house.comet, signer);
  const fee = { amount: [{ denom: DEVNET.denom, amount: DEVNET.feeUnes }], gas: String(DEVNET.gasLimit) };
  const deps = {
    chain: house.chain,
    comet: house.comet,
    signer,
    clock: systemClock,
    execute: async (msg: Readonly<Record<string, unknown>>) => {
      await client.execute(signer.address, house.chain.contract, { ...msg }, fee);
    },
    say: (line: string) => say('rogue', `${SUSPECT} ${line}`),
  };
  await cheatOnce(deps, fault, queryId, signal);
};
