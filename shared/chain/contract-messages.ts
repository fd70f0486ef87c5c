import { fromHex, toBase64 } from '../protocol/encoding.ts';
import type { Rule, Timing } from '../protocol/state.ts';

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
  /** Size of an input that lies elsewhere, for the expected time; not part of the query hash. */
  readonly inputUnits?: number;
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
    input_units: a.inputUnits ?? null,
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
  /** Digest of the known answer that nodes must compute before they serve. */
  readonly trial?: string;
  readonly timing?: Timing;
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
    trial: m.trial === undefined ? null : binary(m.trial),
    timing: m.timing
      ? { k1_us: m.timing.k1Us, k2_us: m.timing.k2Us, min_ms: m.timing.minMs, max_ms: m.timing.maxMs }
      : null,
  },
});

/** @param trial digest of the known answer as this machine computed it, 32 bytes in hex */
export const serveMessage = (model: string, trial?: string): Msg => ({
  serve: { model: binary(model), trial: trial === undefined ? null : binary(trial) },
});
