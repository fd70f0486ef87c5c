import type { EventAttribute } from '../comet/abci.ts';
import type { Coin } from './coins.ts';
import { asArray, asBinary, asObject, asString, asUint64, type Json, type JsonObject } from './json.ts';

export type ReplyOn = 'always' | 'error' | 'success' | 'never';

/** A message a contract wants sent, with what it wants to hear about it (cosmwasm-std SubMsg). */
export interface SubMsg {
  readonly id: bigint;
  readonly payload: Uint8Array;
  readonly msg: ContractMsg;
  readonly replyOn: ReplyOn;
  /** In gas units. Read, but not enforced: only the transaction's own limit is (wasm instructions are not metered). */
  readonly gasLimit: bigint | undefined;
}

/** The CosmosMsg variants this chain carries out. */
export type ContractMsg =
  | { readonly kind: 'bank-send'; readonly toAddress: string; readonly amount: readonly Coin[] }
  | { readonly kind: 'bank-burn'; readonly amount: readonly Coin[] }
  | {
      readonly kind: 'wasm-execute';
      readonly contract: string;
      readonly msg: Uint8Array;
      readonly funds: readonly Coin[];
    }
  | {
      readonly kind: 'wasm-instantiate';
      readonly admin: string;
      readonly codeId: bigint;
      readonly msg: Uint8Array;
      readonly funds: readonly Coin[];
      readonly label: string;
    }
  | { readonly kind: 'wasm-migrate'; readonly contract: string; readonly codeId: bigint; readonly msg: Uint8Array }
  | { readonly kind: 'wasm-update-admin'; readonly contract: string; readonly admin: string }
  | { readonly kind: 'any'; readonly typeUrl: string; readonly value: Uint8Array }
  | { readonly kind: 'unsupported'; readonly name: string };

/** What a contract's entry point returned (cosmwasm-std Response). */
export interface ContractResponse {
  readonly messages: readonly SubMsg[];
  readonly attributes: readonly EventAttribute[];
  readonly events: readonly { readonly type: string; readonly attributes: readonly EventAttribute[] }[];
  readonly data: Uint8Array | undefined;
}

/** Splits `{"ok": ...} | {"error": "..."}`. Throws VmError for anything else. */
export function contractResult(json: Json): { readonly ok: Json } | { readonly error: string } {
  const result = asObject(json, 'contract result');
  if (result.error !== undefined) return { error: asString(result.error, 'contract error') };
  if (result.ok === undefined) return { error: asString(undefined, 'contract result') };
  return { ok: result.ok };
}

/** Reads a Response. Throws VmError where its shape is wrong. */
export function parseResponse(json: Json): ContractResponse {
  const response = asObject(json, 'response');
  return {
    messages: asArray(response.messages, 'messages').map(parseSubMsg),
    attributes: parseAttributes(response.attributes),
    events: asArray(response.events ?? [], 'events').map((item) => {
      const event = asObject(item, 'event');
      return { type: asString(event.type, 'event type'), attributes: parseAttributes(event.attributes) };
    }),
    data: response.data === null || response.data === undefined ? undefined : asBinary(response.data, 'data'),
  };
}

function parseAttributes(json: Json | undefined): EventAttribute[] {
  return asArray(json ?? [], 'attributes').map((item) => {
    const attribute = asObject(item, 'attribute');
    return { key: asString(attribute.key, 'attribute key'), value: asString(attribute.value, 'attribute value') };
  });
}

function parseSubMsg(json: Json): SubMsg {
  const sub = asObject(json, 'submessage');
  const replyOn = asString(sub.reply_on, 'reply_on');
  if (replyOn !== 'always' && replyOn !== 'error' && replyOn !== 'success' && replyOn !== 'never') {
    return asNever('reply_on');
  }
  const gasLimit = sub.gas_limit;
  return {
    id: asUint64(sub.id, 'submessage id'),
    payload: sub.payload === undefined ? new Uint8Array(0) : asBinary(sub.payload, 'payload'),
    msg: parseMsg(asObject(sub.msg, 'msg')),
    replyOn,
    gasLimit: gasLimit === null || gasLimit === undefined ? undefined : asUint64(gasLimit, 'gas_limit'),
  };
}

function asNever(what: string): never {
  asObject(undefined, what);
  throw new RangeError(what);
}

function variant(json: JsonObject): [name: string, value: JsonObject] {
  const [entry] = Object.entries(json);
  return entry === undefined ? ['', {}] : [entry[0], asObject(entry[1], entry[0])];
}

function parseMsg(json: JsonObject): ContractMsg {
  const [module, inner] = variant(json);
  if (module === 'any' || module === 'stargate') {
    return { kind: 'any', typeUrl: asString(inner.type_url, 'type_url'), value: asBinary(inner.value, 'value') };
  }
  if (module !== 'bank' && module !== 'wasm') return { kind: 'unsupported', name: module };
  const [name, body] = variant(inner);
  return module === 'bank' ? parseBankMsg(name, body) : parseWasmMsg(name, body);
}

function parseBankMsg(name: string, body: JsonObject): ContractMsg {
  if (name === 'burn') return { kind: 'bank-burn', amount: parseCoins(body.amount) };
  if (name !== 'send') return { kind: 'unsupported', name: `bank ${name}` };
  return {
    kind: 'bank-send',
    toAddress: asString(body.to_address, 'to_address'),
    amount: parseCoins(body.amount),
  };
}

function parseWasmMsg(name: string, body: JsonObject): ContractMsg {
  const contract = () => asString(body.contract_addr, 'contract_addr');
  const msg = () => asBinary(body.msg, 'msg');
  switch (name) {
    case 'execute':
      return { kind: 'wasm-execute', contract: contract(), msg: msg(), funds: parseCoins(body.funds) };
    case 'instantiate':
      return {
        kind: 'wasm-instantiate',
        admin: asString(body.admin ?? '', 'admin'),
        codeId: asUint64(body.code_id, 'code_id'),
        msg: msg(),
        funds: parseCoins(body.funds),
        label: asString(body.label, 'label'),
      };
    case 'migrate':
      return {
        kind: 'wasm-migrate',
        contract: contract(),
        codeId: asUint64(body.new_code_id, 'new_code_id'),
        msg: msg(),
      };
    case 'update_admin':
      return { kind: 'wasm-update-admin', contract: contract(), admin: asString(body.admin, 'admin') };
    case 'clear_admin':
      return { kind: 'wasm-update-admin', contract: contract(), admin: '' };
    default:
      return { kind: 'unsupported', name: `wasm ${name}` };
  }
}

function parseCoins(json: Json | undefined): Coin[] {
  return asArray(json, 'coins').map((item) => {
    const coin = asObject(item, 'coin');
    return { denom: asString(coin.denom, 'denom'), amount: asString(coin.amount, 'amount') };
  });
}
