import { type Comet38Client, type comet38, toSeconds } from '@cosmjs/tendermint-rpc';
import { Header } from 'cosmjs-types/tendermint/types/types';
import { TransientError } from '../../errors.ts';
import type { ChainEvidence } from '../../ports/chain-evidence.ts';
import { equalBytes } from '../../protocol/encoding.ts';
import { encodeOutcome } from './execution.ts';
import { encodeHeader, headerHash } from './header.ts';

const NONE = new Uint8Array();

/** The protobuf form of what the RPC gives as JSON: CometBFT proto/tendermint/types/types.proto. */
const protoHeader = (h: comet38.Header): Header => {
  const { seconds, nanos } = toSeconds(h.time);
  const parent = h.lastBlockId;
  return Header.fromPartial({
    version: { block: BigInt(h.version.block), app: BigInt(h.version.app) },
    chainId: h.chainId,
    height: BigInt(h.height),
    time: { seconds: BigInt(seconds), nanos },
    lastBlockId: {
      hash: parent?.hash ?? NONE,
      partSetHeader: { total: parent?.parts.total ?? 0, hash: parent?.parts.hash ?? NONE },
    },
    lastCommitHash: h.lastCommitHash,
    dataHash: h.dataHash,
    validatorsHash: h.validatorsHash,
    nextValidatorsHash: h.nextValidatorsHash,
    consensusHash: h.consensusHash,
    appHash: h.appHash,
    lastResultsHash: h.lastResultsHash,
    evidenceHash: h.evidenceHash,
    proposerAddress: h.proposerAddress,
  });
};

/** Evidence over the RPC of a CometBFT 0.38 node (methods `block` and `block_results`). */
export const cometEvidence = (client: Pick<Comet38Client, 'block' | 'blockResults'>): ChainEvidence => {
  const reach = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (cause) {
      const next = 'try again once the node has this height';
      throw new TransientError('rpc-unavailable', `no ${what} from the chain's node`, { cause, next });
    }
  };
  const block = (height: number) => reach(`block ${height}`, () => client.block(height));
  return {
    header: async (height) => {
      const { block: found, blockId } = await block(height);
      const header = protoHeader(found.header);
      // Where the JSON form loses something, the hash shows it here and not in a stranger's hands.
      if (!equalBytes(headerHash(header), blockId.hash)) {
        throw new TransientError('rpc-unavailable', `header ${height} does not have the hash that its node gives`, {
          next: 'ask another node of the chain',
        });
      }
      return encodeHeader(header);
    },
    txs: async (height) => (await block(height)).block.txs,
    results: async (height) => {
      const { results } = await reach(`results of block ${height}`, () => client.blockResults(height));
      return results.map(({ code, data, gasWanted, gasUsed }) =>
        encodeOutcome({ code, data: data ?? NONE, gasWanted, gasUsed }),
      );
    },
  };
};
