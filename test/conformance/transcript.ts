import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { TxBody, TxRaw } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import {
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContractResponse,
  MsgMigrateContractResponse,
  MsgStoreCodeResponse,
} from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { bigEndian } from '../../shared/protocol/encoding.ts';
import type { Delivered } from './sender.ts';

/** What a delivered transaction left on the chain, less what cannot be the same on two chains. */
export interface Entry {
  readonly step: string;
  /** True where CheckTx said no: then it was in no block, and cost nothing. */
  readonly refused?: true;
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly responses: readonly string[];
  readonly events: readonly string[];
}

/** Attributes whose value is a height. */
const HEIGHTS = new Set([
  ...['height', 'commit_close', 'queue_deadline', 'release_height', 'deadline', 'allowed_from'],
  ...['locked_height', 'asked_height', 'reveal_close'],
]);
/** Hashes over the contract's address, heights and times. */
const DERIVED = new Set(['seed', 'query_hash', 'commitment', 'submission']);
/** What in a contract's answers follows from such hashes, or from the clock. */
const ONLY_THERE = new Set([
  ...[...DERIVED, 'hash', 'answers_root', 'module_seed', 'answer'],
  ...['time_ns', 'actual_ms', 'round'],
]);
/** Answers to sessions' messages whose last field is a height. */
const WITH_DEADLINE = /^quorate\/session-(locked|registered|submitted|challenged)\/v1$/;
/** Their third field is the number of an answer, which a VRF output chose. */
const WITH_ANSWER = /^quorate\/session-(challenged|opened)\/v1$/;

/** Records transactions one by one; names stand for addresses, and heights are relative to the transaction's. */
export class Transcript {
  readonly entries: Entry[] = [];
  /** Answers to queries, by step. */
  readonly values: Record<string, unknown> = {};
  /** Gas used by step, and the message that used it; no part of the entries. */
  readonly gas = new Map<string, { readonly message: string; readonly used: number }>();
  readonly #unmet: ReadonlySet<string>;
  readonly #names = new Map<string, string>();
  readonly #codes: string[] = [];
  readonly #firstSequences = new Map<string, number>();

  /** @param unmet attributes that are left out: what they are depends on when a play got to it */
  constructor(unmet: readonly string[] = []) {
    this.#unmet = new Set(unmet);
  }

  /** From now on `value` is written as `<name>`. */
  name(value: string, name: string): void {
    this.#names.set(value, `<${name}>`);
  }

  refused(step: string, answer: { code: number; codespace: string; log: string }): void {
    const { code, codespace } = answer;
    this.entries.push({ step, refused: true, code, codespace, log: this.#text(answer.log), responses: [], events: [] });
  }

  add(step: string, tx: Delivered): void {
    const { code, codespace = '', log = '', data, events } = tx.result;
    for (const { type, attributes } of events) {
      if (type !== 'wasm-quorate') continue;
      for (const { key, value } of attributes) if (DERIVED.has(key)) this.name(value, key);
    }
    const responses = data ? TxMsgData.decode(data).msgResponses : [];
    this.entries.push({
      step,
      code,
      codespace,
      log: code === 0 ? '' : this.#text(this.#withoutAnswer(relativeHeights(inCommon(log), tx.height))),
      responses: responses.map(({ typeUrl, value }) => `${typeUrl} ${this.#response(typeUrl, value, tx.height)}`),
      events: events.map(({ type, attributes }) => {
        const listed = attributes.map(({ key, value }) => `${key}=${this.#attribute(type, key, value, tx.height)}`);
        return `${type}: ${listed.join(' | ')}`;
      }),
    });
    this.gas.set(step, { message: messageOf(tx), used: Number(tx.result.gasUsed) });
  }

  /** Keeps a contract's answer, less heights and what follows from them. */
  value(step: string, answer: unknown): void {
    const plain = (key: string, value: unknown): unknown => {
      if (typeof value === 'object') return value;
      if (HEIGHTS.has(key)) return '<height>';
      return ONLY_THERE.has(key) ? `<${key}>` : value;
    };
    this.values[step] = JSON.parse(this.#text(JSON.stringify(answer, plain)));
  }

  #attribute(type: string, key: string, value: string, height: number): string {
    if (type === 'tx' && key === 'signature') return '<signature>';
    if (type === 'wasm-quorate' && this.#unmet.has(key)) return `<${key}>`;
    if (key === 'code_id') return this.#code(value);
    if (type === 'tx' && key === 'acc_seq') return this.#sequence(value);
    if (type.startsWith('wasm-') && HEIGHTS.has(key)) return `<height${signed(Number(value) - height)}>`;
    return this.#text(value);
  }

  /** Which answer of a session was chosen, and so which request must have been signed. */
  #withoutAnswer(log: string): string {
    return this.#unmet.has('answer') ? log.replace(/(answer|request) \d+/g, '$1 <answer>') : log;
  }

  /** Numbered as they appear here. */
  #code(id: string): string {
    if (!this.#codes.includes(id)) this.#codes.push(id);
    return `<code ${this.#codes.indexOf(id) + 1}>`;
  }

  /** Counted from the account's first transaction here. */
  #sequence(value: string): string {
    const [address = '', sequence] = value.split('/');
    const first = this.#firstSequences.get(address) ?? Number(sequence);
    this.#firstSequences.set(address, first);
    return `${this.#text(address)}/first${signed(Number(sequence) - first)}`;
  }

  #text(text: string): string {
    let written = text;
    for (const [value, name] of this.#names) written = written.replaceAll(value, name);
    return written;
  }

  #response(typeUrl: string, value: Uint8Array, height: number): string {
    switch (typeUrl) {
      case '/cosmwasm.wasm.v1.MsgExecuteContractResponse':
        return this.#data(MsgExecuteContractResponse.decode(value).data, height);
      case '/cosmwasm.wasm.v1.MsgMigrateContractResponse':
        return this.#data(MsgMigrateContractResponse.decode(value).data, height);
      case '/cosmwasm.wasm.v1.MsgInstantiateContractResponse': {
        const { address, data } = MsgInstantiateContractResponse.decode(value);
        return `${this.#text(address)} ${this.#data(data, height)}`;
      }
      case '/cosmwasm.wasm.v1.MsgStoreCodeResponse': {
        const { codeId, checksum } = MsgStoreCodeResponse.decode(value);
        return `${this.#code(String(codeId))} ${Buffer.from(checksum).toString('hex')}`;
      }
      default:
        return Buffer.from(value).toString('hex');
    }
  }

  /** Frames of the protocol as a list of their fields, anything else in hex. */
  #data(bytes: Uint8Array, height: number): string {
    const fields = frameFields(bytes);
    if (fields)
      return `[${fields.map((field, i) => byPlace(fields, i, height) ?? this.#data(field, height)).join(', ')}]`;
    const buffer = Buffer.from(bytes);
    if (buffer.length === 8 && buffer.readBigUInt64BE() === BigInt(height)) return '<height>';
    const text = buffer.toString('latin1');
    return /^[\x20-\x7e]+$/.test(text) ? `'${this.#text(text)}'` : this.#text(buffer.toString('hex'));
  }
}

const signed = (n: number): string => (n === 0 ? '' : n > 0 ? `+${n}` : String(n));

/** What two chains need not say alike: how much gas it was, and how a WebAssembly engine calls what is no module. */
const inCommon = (log: string): string =>
  log
    .replace(/gas(Wanted|Used): \d+/g, 'gas$1: <gas>')
    .replace(/(static Wasm validation: ).*(?=: create)/s, '$1<engine>');

/** The contract's errors name heights. */
const relativeHeights = (log: string, height: number): string =>
  log.replace(
    /(height |now |release is at )(\d+)/g,
    (_, before, at) => `${before}<height${signed(Number(at) - height)}>`,
  );

/** What only its place in an answer about a session tells. */
const byPlace = (fields: readonly Uint8Array[], i: number, height: number): string | undefined => {
  const tag = Buffer.from(fields[0] ?? []).toString('latin1');
  if (WITH_ANSWER.test(tag) && i === 2) return '<answer>';
  if (!WITH_DEADLINE.test(tag) || i !== fields.length - 1) return undefined;
  return `<height${signed(Number(bigEndian(fields[i] ?? new Uint8Array(0))) - height)}>`;
};

/** A call of the contract by its message's name, any other message by its type's. */
const messageOf = (tx: Delivered): string => {
  const [message] = TxBody.decode(TxRaw.decode(tx.tx).bodyBytes).messages;
  if (message?.typeUrl !== MsgExecuteContract.typeUrl) return message?.typeUrl.split('.').at(-1) ?? '';
  const { msg } = MsgExecuteContract.decode(message.value);
  return Object.keys(JSON.parse(Buffer.from(msg).toString()))[0] ?? '';
};

/** The fields of bytes that are nothing but fields (docs/protocol.md section 1); undefined for others. */
const frameFields = (bytes: Uint8Array): Uint8Array[] | undefined => {
  const fields: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.slice(at + 4, end));
    at = end;
  }
  // A zero number would be read as empty fields.
  const isFrame = fields.length > 0 && at === bytes.length && fields.some((field) => field.length > 0);
  return isFrame ? fields : undefined;
};
