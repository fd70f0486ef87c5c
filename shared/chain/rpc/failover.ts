import type { RpcClient } from '@cosmjs/tendermint-rpc';
import { BadInputError, TransientError } from '../../errors.ts';
import { heightAsked, isBroadcast, newestHeight, provesAbsence } from './answers.ts';
import { Endpoint, type EndpointSettings, type EndpointState } from './endpoint.ts';
import { type RpcAnswer, type RpcRequest, type RpcTransport, rpcErrorOf } from './transport.ts';

export interface FailoverSettings extends EndpointSettings {
  /** An endpoint this many blocks behind the highest height seen still counts as up to date. */
  readonly maxLagBlocks: number;
}

export const FAILOVER_DEFAULTS = {
  deadlineMs: 5_000,
  firstRestMs: 500,
  longestRestMs: 30_000,
  maxLagBlocks: 5,
} as const;

/** Several RPC endpoints of one chain. */
export interface RpcPool {
  /** Goes to the first endpoint that can answer. */
  readonly client: RpcClient;
  readonly names: readonly string[];
  /** Goes to this endpoint and no other; fails at once while it rests. */
  only(name: string): RpcClient;
  states(): EndpointState[];
}

/**
 * One RPC client over several endpoints, in order of preference.
 *
 * Reads go to the next endpoint at once when one fails, lags or says no. An endpoint that failed rests, longer each time, and
 * is then probed beside the traffic: whoever asks waits for a dead endpoint once. Broadcasts go to one endpoint and are never
 * repeated here, although the same bytes twice would be harmless: an unclear answer is the sender's to resolve by hash,
 * and since the endpoint that gave it rests, the sender's own repeat goes to another.
 * Throws {@link TransientError} `rpc-unavailable` when none can answer, `rpc-lags` when none knows enough.
 */
export const failover = (
  endpoints: readonly { readonly name: string; readonly transport: RpcTransport }[],
  settings: FailoverSettings,
): RpcPool => {
  if (endpoints.length === 0) throw new BadInputError('no-rpc', 'no RPC endpoint is given, one or more are needed');
  const all = endpoints.map(({ name, transport }) => new Endpoint(name, transport, settings));
  const names = all.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    throw new BadInputError('rpc-names', `two endpoints share a name: ${names.join(', ')}`);
  }
  /** The highest height given out: what was said once stays true, whoever answers next. */
  let told = 0;
  let teller: Endpoint | undefined;

  /** Whoever told of a height and then refuses it is not believed: else one liar would make all others look old for ever. */
  const contradicts = (endpoint: Endpoint): boolean => {
    if (endpoint !== teller || endpoint.height + settings.maxLagBlocks >= told) return false;
    endpoint.fail(`it told of height ${told} and has only ${endpoint.height}`);
    told = Math.max(...all.map(({ height }) => height));
    return true;
  };

  const judge = (endpoint: Endpoint): boolean => {
    const newest = Math.max(told, ...all.filter(({ state }) => state === 'ready').map(({ height }) => height));
    if (endpoint.height + settings.maxLagBlocks >= newest) return true;
    endpoint.lags(`at height ${endpoint.height}, others are at ${newest}`);
    return false;
  };

  /** Those whose rest is over are looked at beside the traffic, not before it. */
  const revive = async (): Promise<void> => {
    await Promise.all(
      all.map(async (endpoint) => {
        if (await endpoint.probe()) judge(endpoint);
      }),
    );
  };

  const candidates = (request: RpcRequest): Endpoint[] => {
    const asked = heightAsked(request);
    const knows = (e: Endpoint): boolean =>
      e.state === 'ready' || (e.state === 'lags' && asked !== undefined && e.height >= asked);
    const behind = all.filter((e) => e.state === 'lags' && !knows(e));
    return [...all.filter(knows), ...behind.sort((a, b) => b.height - a.height)];
  };

  /** Undefined: it answered, but as of too long ago. */
  const askOne = async (endpoint: Endpoint, request: RpcRequest): Promise<RpcAnswer | undefined> => {
    if (provesAbsence(request) && endpoint.height < told) {
      await endpoint.look();
      if (endpoint.height < told) {
        judge(endpoint);
        return undefined;
      }
    }
    const answer = await endpoint.ask(request);
    const newest = newestHeight(request, answer);
    return newest === undefined || judge(endpoint) ? answer : undefined;
  };

  const execute = async (request: RpcRequest): Promise<RpcAnswer> => {
    const reviving = revive();
    if (candidates(request).length === 0) await reviving;
    const order = candidates(request);
    const failed: string[] = [];
    let refused: unknown;
    for (const endpoint of isBroadcast(request) ? order.slice(0, 1) : order) {
      try {
        const answer = await askOne(endpoint, request);
        if (answer !== undefined) return given(endpoint, request, answer);
        failed.push(`${endpoint.name}: lags at ${endpoint.height}`);
      } catch (error) {
        if (isBroadcast(request)) throw error;
        if (rpcErrorOf(error) === undefined) failed.push(error instanceof Error ? error.message : String(error));
        else {
          refused ??= error;
          if (endpoint.height < (heightAsked(request) ?? 0) && !contradicts(endpoint)) judge(endpoint);
        }
      }
    }
    return lastResort(request, order, refused, failed);
  };

  /** Nobody is up to date: the newest of what is old, except where old means wrong. */
  const lastResort = async (
    request: RpcRequest,
    order: readonly Endpoint[],
    refused: unknown,
    failed: readonly string[],
  ): Promise<RpcAnswer> => {
    if (refused !== undefined) throw refused;
    const [behind] = order.filter(({ state }) => state === 'lags').sort((a, b) => b.height - a.height);
    if (behind && provesAbsence(request)) {
      throw new TransientError('rpc-lags', `no endpoint has reached height ${told}: ${failed.join('; ')}`);
    }
    if (behind && !isBroadcast(request)) return await behind.ask(request);
    throw new TransientError(
      'rpc-unavailable',
      `no RPC endpoint can answer: ${(failed.length > 0 ? failed : rests()).join('; ')}`,
      {
        next: "see 'endpoints' in the health of the deployment",
      },
    );
  };

  const rests = (): string[] =>
    all.map((e) => `${e.name} rests for ${Math.max(0, (e.restedUntilMs ?? 0) - settings.clock.nowMs())} ms more`);

  const given = (endpoint: Endpoint, request: RpcRequest, answer: RpcAnswer): RpcAnswer => {
    const newest = newestHeight(request, answer) ?? 0;
    if (request.method === 'status' && newest > told) {
      told = newest;
      teller = endpoint;
    }
    return answer;
  };

  return {
    names,
    client: { execute, disconnect: () => undefined },
    only: (name) => {
      const endpoint = all.find((e) => e.name === name);
      if (!endpoint) throw new BadInputError('rpc-name', `no endpoint '${name}', there are ${names.join(', ')}`);
      return {
        execute: async (request) => {
          void revive();
          if (endpoint.state === 'rests') throw new TransientError('rpc-unavailable', `${name} rests after a failure`);
          return await endpoint.ask(request);
        },
        disconnect: () => undefined,
      };
    },
    states: () => all.map((endpoint) => endpoint.view()),
  };
};
