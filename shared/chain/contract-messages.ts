import { fromHex, toBase64 } from '../protocol/encoding.ts';
import type { Rule } from '../protocol/state.ts';

/** Messages of the contract (infra/chain/contract/schema). Hashes come as lower-case hex and travel as base64. */

type Msg = Readonly<Record<string, unknown>>;
const binary = (hex: string): string => toBase64(fromHex(hex));

export interface AskMessage {
  readonly model: string;
  readonly inputHash: string;
  readonly input: { readonly uri: string } | { readonly inline: Uint8Array };
  readonly seats: number;
  readonly maxUnits: number;
  /** Address that brought the query; gets 10 % of the fee. */
  readonly agent?: string;
  readonly callback?: string;
}

export const askMessage = (a: AskMessage): Msg => ({
  ask: {
    model: binary(a.model),
    input_hash: binary(a.inputHash),
    input: 'uri' in a.input ? { uri: a.input.uri } : { inline: toBase64(a.input.inline) },
    seats: a.seats,
    privacy: 'public',
    max_units: a.maxUnits,
    agent: a.agent ?? null,
    callback: a.callback ?? null,
  },
});

/** @param proof 80 bytes and commitment 32 bytes, in hex */
export const commitMessage = (queryId: number, round: number, proof: string, commitment: string): Msg => ({
  commit: { query_id: queryId, round, proof: binary(proof), commitment: binary(commitment) },
});

export interface RevealMessage {
  readonly digest: string;
  /** Signed 32-bit fixed point; empty for exact models. */
  readonly sketch: readonly number[];
  readonly receiptsRoot: string;
  readonly salt: string;
}

export const revealMessage = (queryId: number, r: RevealMessage): Msg => ({
  reveal: {
    query_id: queryId,
    digest: binary(r.digest),
    sketch: r.sketch,
    receipts_root: binary(r.receiptsRoot),
    salt: binary(r.salt),
  },
});

export const settleMessage = (queryId: number): Msg => ({ settle: { query_id: queryId } });
export const expireMessage = (queryId: number): Msg => ({ expire: { query_id: queryId } });

/** @param vrfPublicKey Ed25519, 32 bytes in hex */
export const registerNodeMessage = (vrfPublicKey: string): Msg => ({
  register_node: { vrf_pubkey: binary(vrfPublicKey) },
});

export interface RegisterModelMessage {
  readonly manifestHash: string;
  readonly priceUnes: string;
  readonly rule: Rule;
  readonly windows: { readonly roundBlocks: number; readonly commitBlocks: number; readonly revealBlocks: number };
}

export const registerModelMessage = (m: RegisterModelMessage): Msg => ({
  register_model: {
    manifest_hash: binary(m.manifestHash),
    price: m.priceUnes,
    rule: m.rule,
    windows: {
      round_blocks: m.windows.roundBlocks,
      commit_blocks: m.windows.commitBlocks,
      reveal_blocks: m.windows.revealBlocks,
    },
  },
});

export const serveMessage = (model: string): Msg => ({ serve: { model: binary(model) } });
