import { Comet38Client, HttpClient, type RpcClient } from '@cosmjs/tendermint-rpc';
import { SimulateRequest, SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import { AuthInfo, TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { QuorateError, TransientError } from '../errors.ts';
import type { BlockEvents, BroadcastAnswer, Chain } from '../ports/chain.ts';
import { toHex } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';
import * as answers from './contract-answers.ts';
import { contractEvents, feePayerOf } from './events.ts';
import { stateQueries } from './state-queries.ts';
import { txMessages } from './tx-contents.ts';

export interface CometChainOptions {
  /** Base URL of a CometBFT RPC, or a transport (in-process chains, faults). */
  readonly rpc: string | RpcClient;
  readonly chainId: string;
  readonly contract: string;
  readonly denom: string;
  readonly timeoutMs?: number;
}

const upperHex = (bytes: Uint8Array): string => toHex(bytes).toUpperCase();
const says = (error: unknown, text: string): boolean => error instanceof Error && error.message.includes(text);

/** How the contract's error for a name that it does not hold begins (error.rs); x/wasm passes the text on. */
const UNKNOWN = /unknown (query|node|model) /;
/** gRPC's text for an account that does not exist. */
const NO_ACCOUNT = 'not found';

/** CometBFT's mempool refuses by an RPC error; the SDK has a code for each of these. */
const MEMPOOL_SAYS = [
  { code: 19, text: 'tx already exists in cache' },
  { code: 20, text: 'mempool is full' },
  { code: 21, text: 'Tx too large' },
] as const;

/** {@link Chain} over CosmJS's RPC client and protobuf types, unmodified. */
export const connectChain = async (options: CometChainOptions): Promise<Chain> => {
  const { chainId, contract, denom } = options;
  const rpc = typeof options.rpc === 'string' ? new HttpClient(options.rpc, options.timeoutMs ?? 10_000) : options.rpc;
  const comet = Comet38Client.create(rpc);
  const state = stateQueries(comet);

  /** Everything that goes wrong on the way to the node is one error; what the node says about the world is not an error. */
  const reach = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof QuorateError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TransientError('rpc-unavailable', `${what} failed at the node: ${reason.slice(0, 300)}`, { cause });
    }
  };
  const ask = async (query: Record<string, unknown>): Promise<unknown> =>
    await reach(`query ${Object.keys(query)[0]}`, () => state.smart(contract, query));
  const askIfFound = async (query: Record<string, unknown>): Promise<unknown> => {
    try {
      return await ask(query);
    } catch (error) {
      if (error instanceof Error && UNKNOWN.test(error.message)) return undefined;
      throw error;
    }
  };
  const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

  return {
    chainId,
    contract,

    head: () =>
      reach('status', async () => {
        const { syncInfo, nodeInfo } = await comet.status();
        if (nodeInfo.network !== chainId) {
          throw new TransientError(
            'rpc-unavailable',
            `the node is on chain '${nodeInfo.network}', expected '${chainId}'`,
          );
        }
        return { height: syncInfo.latestBlockHeight, timeMs: syncInfo.latestBlockTime.getTime() };
      }),

    block: (height) =>
      reach(`block ${height}`, async (): Promise<BlockEvents> => {
        const [{ block, blockId }, { results }] = await Promise.all([comet.block(height), comet.blockResults(height)]);
        if (results.length !== block.txs.length) {
          throw new TransientError(
            'rpc-unavailable',
            `block ${height} has ${block.txs.length} txs but ${results.length} results`,
          );
        }
        return {
          height,
          timeMs: block.header.time.getTime(),
          hash: upperHex(blockId.hash),
          parentHash: block.header.lastBlockId ? upperHex(block.header.lastBlockId.hash) : '',
          events: results.flatMap(({ events }, index) => {
            const hash = upperHex(sha256(block.txs[index] as Uint8Array));
            return contractEvents({ chainId, height, index, hash }, contract, events);
          }),
        };
      }),

    query: async (id) => {
      const answer = await askIfFound({ query: { id } });
      return answer === undefined ? undefined : answers.decodeQuery(answer);
    },
    live: async (after, limit) =>
      answers.decodeLive(await ask({ live: { start_after: after ?? null, limit } })).queries,
    seats: async (id, attempt) => answers.decodeSeats(await ask({ seats: { id, attempt } })).seats,
    draw: async (queryId, node) => answers.decodeDraw(await ask({ draw: { query_id: queryId, node } })),
    node: async (address) => {
      const answer = await askIfFound({ node: { address } });
      return answer === undefined ? undefined : answers.decodeNode(answer);
    },
    nodes: async (after, limit) =>
      answers.decodeNodes(await ask({ nodes: { start_after: after ?? null, limit } })).nodes,
    model: async (id) => {
      const answer = await askIfFound({ model: { model: base64(id) } });
      return answer === undefined ? undefined : answers.decodeModel(answer);
    },
    models: async (after, limit) => {
      const start = after === undefined ? null : base64(after);
      return answers.decodeModels(await ask({ models: { start_after: start, limit } })).models;
    },
    totals: async () => answers.decodeTotals(await ask({ totals: {} })),
    params: async () => answers.decodeParams(await ask({ params: {} })),

    balanceUnes: (address) => reach('balance', async () => BigInt(await state.balance(address, denom))),

    account: async (address) => {
      try {
        return await reach('account', () => state.account(address));
      } catch (error) {
        if (says(error, NO_ACCOUNT)) return undefined;
        throw error;
      }
    },

    transaction: (hash) =>
      reach(`transaction ${hash}`, async () => {
        // A search instead of a look-up: "absent" is then an answer, not an error text to be guessed at.
        const { txs } = await comet.txSearch({ query: `tx.hash='${hash}'` });
        const tx = txs[0];
        if (!tx) return undefined;
        const { code, codespace, log, gasWanted, gasUsed, events } = tx.result;
        const { authInfoBytes, bodyBytes } = TxRaw.decode(tx.tx);
        const paid = AuthInfo.decode(authInfoBytes).fee?.amount.find((coin) => coin.denom === denom);
        const place = { chainId, height: tx.height, index: tx.index, hash };
        const ours = contractEvents(place, contract, events);
        return {
          height: tx.height,
          code,
          codespace: codespace ?? '',
          log: log ?? '',
          gasWanted: Number(gasWanted),
          gasUsed: Number(gasUsed),
          feeUnes: BigInt(paid?.amount ?? 0),
          feePayer: feePayerOf(events),
          messages: txMessages(TxBody.decode(bodyBytes), contract, ours),
          sizeBytes: tx.tx.length,
          events: ours,
        };
      }),

    simulate: (txBytes) =>
      reach('simulation', async () => {
        const data = SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish();
        const { code, log, value } = await comet.abciQuery({ path: '/cosmos.tx.v1beta1.Service/Simulate', data });
        if (code) return { refusal: log ?? `code ${code}` };
        return { gasUsed: Number(SimulateResponse.decode(value).gasInfo?.gasUsed ?? 0) };
      }),

    broadcast: async (txBytes) => {
      try {
        return await reach('broadcast', async () => {
          const { code, codespace, log } = await comet.broadcastTxSync({ tx: txBytes });
          return { code, codespace: codespace ?? '', log: log ?? '' };
        });
      } catch (error) {
        const answer = MEMPOOL_SAYS.find(({ text }) => says(error, text));
        if (answer) return { code: answer.code, codespace: 'sdk', log: answer.text } satisfies BroadcastAnswer;
        throw error;
      }
    },
  };
};
