import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AbciEvent } from '../comet/abci.ts';
import type { Context } from './context.ts';
import type { ContractMsg, SubMsg } from './contract-response.ts';
import { AbciError, OutOfGasError, wrapped } from './errors.ts';
import { writeContractJson } from './json.ts';

/** What a message that a contract sent has done. */
export interface DispatchResult {
  readonly events: readonly AbciEvent[];
  /** The encoded Msg...Response, when the message has one. */
  readonly response: Any | undefined;
}

/** The two ways from here back into the chain. */
export interface SubmessageHost {
  dispatch(ctx: Context, contract: Uint8Array, msg: ContractMsg): DispatchResult;
  /** Calls the contract's reply entry point with JSON; returns the data it set, if any. */
  reply(ctx: Context, contract: Uint8Array, reply: Uint8Array): Uint8Array | undefined;
}

/**
 * Sends a contract's messages one after the other, each in a sandbox that is kept only when it succeeds, and replies where
 * asked (wasmd v0.61 keeper/msg_dispatcher.go DispatchSubmessages). Returns the data of the last reply that set some; it
 * overrides the contract's own. Throws the first error that no reply was asked to handle.
 */
export function dispatchSubmessages(
  ctx: Context,
  contract: Uint8Array,
  messages: readonly SubMsg[],
  host: SubmessageHost,
): Uint8Array | undefined {
  let data: Uint8Array | undefined;
  for (const message of messages) {
    const outcome = attempt(ctx, contract, message, host);
    const failed = 'error' in outcome;
    const wantsSuccess = message.replyOn === 'success' || message.replyOn === 'always';
    const wantsError = message.replyOn === 'error' || message.replyOn === 'always';
    if (failed && !wantsError) throw outcome.error;
    if (!failed && !wantsSuccess) continue;
    const reply = writeContractJson({
      gas_used: 0,
      id: message.id,
      payload: base64(message.payload),
      result: failed ? { error: redact(outcome.error) } : { ok: okResult(outcome) },
    });
    data = wrapped('reply', () => host.reply(ctx, contract, reply)) ?? data;
  }
  return data;
}

function attempt(
  ctx: Context,
  contract: Uint8Array,
  message: SubMsg,
  host: SubmessageHost,
): DispatchResult | { readonly error: AbciError } {
  const sandbox = ctx.branch();
  let result: DispatchResult;
  try {
    result = host.dispatch(sandbox, contract, message.msg);
  } catch (error) {
    // Out of gas and broken invariants end the whole transaction.
    if (error instanceof AbciError && !(error instanceof OutOfGasError)) return { error };
    throw error;
  }
  sandbox.cache.flushTo(ctx.cache);
  // Events of type "message" belong to messages of a transaction, not to those of a contract.
  const events = result.events.filter((event) => event.type !== 'message');
  ctx.events.push(...events);
  if (!message.msg.kind.startsWith('wasm-')) return { events: [], response: result.response };
  for (const { attributes } of events) {
    // In place, so that the transaction's events end up sorted too: as in wasmd.
    attributes.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }
  return { events, response: result.response };
}

function okResult({ events, response }: DispatchResult): unknown {
  return {
    data: response === undefined ? null : base64(response.value),
    events,
    msg_responses: response === undefined ? [] : [{ type_url: response.typeUrl, value: base64(response.value) }],
  };
}

/** Only errors whose text is the same on every node are shown to a contract (wasmd issue 759). */
function redact(error: AbciError): string {
  return error.deterministic ? error.message : `codespace: ${error.codespace}, code: ${error.abciCode}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
