import { BLOCK_MAX_BYTES, BLOCK_MAX_GAS } from '../comet/block.ts';

/** Limits of blocks and of what signs them, as CometBFT writes them. */
export const consensusParams = {
  block: { max_bytes: BLOCK_MAX_BYTES.toString(), max_gas: BLOCK_MAX_GAS.toString() },
  evidence: { max_age_num_blocks: '100000', max_age_duration: '172800000000000', max_bytes: '1048576' },
  validator: { pub_key_types: ['ed25519'] },
  version: { app: '0' },
  abci: { vote_extensions_enable_height: '0' },
};
