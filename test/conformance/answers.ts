import { encodeSecp256k1Pubkey } from '@cosmjs/amino';
import { setupWasmExtension } from '@cosmjs/cosmwasm';
import { QueryClient, setupAuthExtension, setupBankExtension, setupTxExtension } from '@cosmjs/stargate';
import { PageRequest } from 'cosmjs-types/cosmos/base/query/v1beta1/pagination';
import {
  QueryCodesRequest,
  QueryCodesResponse,
  QueryContractHistoryRequest,
  QueryContractHistoryResponse,
  QueryContractsByCodeRequest,
  QueryContractsByCodeResponse,
  QueryContractsByCreatorRequest,
  QueryContractsByCreatorResponse,
} from 'cosmjs-types/cosmwasm/wasm/v1/query';
import { utf8 } from '../../shared/protocol/encoding.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { PROBE, PROBE_NEXT } from './probe-script.ts';
import { attribute, registry, Sender, type TxOptions } from './sender.ts';

export type Answers = Readonly<Record<string, unknown>>;

/** What a chain says, by what was done; numbers that differ between chains are left out. */
class Book {
  readonly answers: Record<string, unknown> = {};
  readonly #names = new Map<string, string>();

  name(value: string, name: string): void {
    this.#names.set(value, `<${name}>`);
  }

  async note(what: string, work: () => Promise<unknown>): Promise<void> {
    let answer: unknown;
    try {
      answer = await work();
    } catch (error) {
      answer = `error: ${error instanceof Error ? error.message : String(error)}`;
    }
    this.answers[what] = JSON.parse(this.#plain(JSON.stringify(answer ?? null, plainValue)));
  }

  #plain(text: string): string {
    let written = SAID_DIFFERENTLY.reduce((soFar, [said, common]) => soFar.replace(said, common), text);
    for (const [value, name] of this.#names) written = written.replaceAll(value, name);
    return written;
  }
}

/** Differences between the chains that are no more than words or counts; README.md gives the reasons. */
const SAID_DIFFERENTLY: readonly (readonly [RegExp, string])[] = [
  [/gas ?(Wanted|Used|used): ?'?\d+'?/g, 'gas $1: <gas>'],
  [/out of gas in location: \w+/g, 'out of gas in location: <location>'],
  [/block height: \d+/g, 'block height: <height>'],
  // The SDK shows where in its source a simulation failed.
  [/ \[[^\]]*\.go:\d+\]/g, ''],
  // What a protobuf decoder says about bytes that are none.
  [/"[^"]*: tx parse error"/g, '"<decoder>: tx parse error"'],
];

const plainValue = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return value;
};

/** Transactions that are refused, each for one reason. */
export const refusals = async (chain: ChainUnderTest): Promise<Answers> => {
  const from = new Sender(chain, 'errors');
  const other = new Sender(chain, 'other');
  const book = new Book();
  book.name(from.address, 'errors');
  book.name(other.address, 'other');
  const send = from.send(other.address, '1');
  // A height must have passed to be too late for.
  await from.reach(3);
  const { sequence, accountNumber } = await from.account();
  book.name(`account number (${accountNumber})`, 'account number');
  const refuse = (what: string, options: TxOptions, message = send) =>
    book.note(what, async () => {
      const { hash: _, ...answer } = await from.broadcast(await from.sign([message], options));
      return answer;
    });
  await refuse('no fee', { fee: '0' });
  await refuse('fee one une too small', { gas: 100_000, fee: '2499' });
  await refuse('fee beyond the balance', { fee: '9000000000' });
  await refuse('sequence ahead', { sequence: sequence + 1 });
  await refuse('sequence far ahead', { sequence: sequence + 7 });
  await refuse('signed for another chain', { chainId: 'another-chain' });
  await refuse('timeout height passed', { timeoutHeight: 1 });
  await refuse('memo of 257 characters', { memo: 'x'.repeat(257) });
  await refuse('gas that does not reach past the checks', { gas: 1_000 });
  await refuse('no gas', { gas: 0, fee: '1' });
  await book.note('not a transaction', () => from.broadcast(Uint8Array.of(1, 2, 3)));
  await book.note('an empty transaction', () => from.broadcast(new Uint8Array(0)));

  const bytes = await from.sign([send]);
  const accepted = await from.broadcast(bytes);
  await book.note('accepted', async () => accepted.code);
  await book.note('again while it waits', () => from.broadcast(bytes));
  await from.included(accepted.hash);
  await book.note('again when it is in a block', () => from.broadcast(bytes));
  // The SDK's adapter takes the key for granted (x/auth/tx/adapter.go): what follows its panic is the node's own stack.
  await book.note('without its public key, which the chain has', async () => {
    const { code, codespace, log } = await from.broadcast(await from.sign([send], { withoutKey: true }));
    return { code, codespace, log: log.split('\n')[0]?.replace(/: panic$/, '') };
  });
  await refuse('sequence used', { sequence, memo: 'other bytes' });
  return book.answers;
};

const page = (limit: number, key = new Uint8Array(0)) => PageRequest.fromPartial({ limit: BigInt(limit), key });

/** Every query path that we or CosmJS use, right and wrong. */
export const queryAnswers = async (chain: ChainUnderTest): Promise<Answers> => {
  const admin = new Sender(chain, 'admin');
  const book = new Book();
  const client = QueryClient.withExtensions(
    admin.comet,
    setupAuthExtension,
    setupBankExtension,
    setupWasmExtension,
    setupTxExtension,
  );
  const upload = async (wasm: Uint8Array) =>
    Number(attribute(await admin.deliver([admin.upload(wasm)], { gas: 5_000_000 }), 'store_code', 'code_id'));
  const [first, next] = [await upload(PROBE), await upload(PROBE_NEXT)];
  const contracts: string[] = [];
  // One by one: contracts of one transaction are listed in the order of their addresses.
  for (const label of ['a', 'b', 'c']) {
    const made = await admin.deliver([admin.instantiate(first, { label }, label, admin.address)]);
    contracts.push(attribute(made, 'instantiate', '_contract_address'));
  }
  const [a = '', b = ''] = contracts;
  await admin.deliver([admin.migrate(a, next, { label: 'moved' })]);
  book.name(admin.address, 'admin');
  for (const [i, contract] of contracts.entries()) {
    book.name(contract, `contract-${i}`);
    book.name(contract.slice(chain.prefix.length), `contract-${i} without prefix`);
  }

  const nobody = chain.signer('nobody').address;
  book.name(nobody, 'nobody');
  const foreign = 'cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6';
  await book.note('account', async () => Object.keys((await client.auth.account(admin.address)) ?? {}));
  await book.note('account, unknown', () => client.auth.account(nobody));
  await book.note('account, no address', () => client.auth.account('nobody'));
  await book.note('balance, unknown account', () => client.bank.balance(nobody, chain.denom));
  await book.note('balance, unknown denomination', () => client.bank.balance(admin.address, 'unothing'));
  await book.note('balance, foreign address', () => client.bank.balance(foreign, chain.denom));
  await book.note('smart', () => client.wasm.queryContractSmart(a, { get: { key: 'label' } }));
  await book.note('smart, contract says no', () => client.wasm.queryContractSmart(a, { fail: {} }));
  await book.note('smart, unknown message', () => client.wasm.queryContractSmart(a, { no_such: {} }));
  await book.note('smart, no contract', () => client.wasm.queryContractSmart(nobody, { env: {} }));
  await book.note('smart, no address', () => client.wasm.queryContractSmart('nobody', { env: {} }));
  await book.note('raw', async () => (await client.wasm.queryContractRaw(a, utf8('label'))).data);
  await book.note('raw, no such key', async () => (await client.wasm.queryContractRaw(a, utf8('none'))).data);
  await book.note('raw, no contract', () => client.wasm.queryContractRaw(nobody, utf8('label')));
  await book.note('contract', async () => {
    const { contractInfo } = await client.wasm.getContractInfo(b);
    return { ...contractInfo, codeId: undefined, created: Object.keys(contractInfo?.created ?? {}) };
  });
  await book.note('contract, unknown', () => client.wasm.getContractInfo(nobody));
  await book.note('code', async () => {
    const { codeInfo, data } = await client.wasm.getCode(first);
    return { ...codeInfo, codeId: undefined, bytes: data.length };
  });
  await book.note('code, unknown', () => client.wasm.getCode(99_999));
  await book.note('code, number 0', () => client.wasm.getCode(0));
  await book.note('history', async () =>
    (await client.wasm.getContractCodeHistory(a)).entries.map(({ operation, msg }) => [operation, msg]),
  );
  await book.note('history, unknown contract', () => client.wasm.getContractCodeHistory(nobody));
  await book.note('contracts of a code after a migration', () => client.wasm.listContractsByCodeId(first));
  await book.note('contracts of an unknown code', () => client.wasm.listContractsByCodeId(99_999));

  const ask = async (path: string, data: Uint8Array) =>
    (await client.queryAbci(`/cosmwasm.wasm.v1.Query/${path}`, data)).value;
  await book.note('codes, page by page', async () => {
    const seen: string[] = [];
    for (let key = new Uint8Array(0), more = true; more; ) {
      const request = QueryCodesRequest.encode(QueryCodesRequest.fromPartial({ pagination: page(1, key) })).finish();
      const { codeInfos, pagination } = QueryCodesResponse.decode(await ask('Codes', request));
      seen.push(...codeInfos.map(({ creator }) => creator).filter((creator) => creator === admin.address));
      key = Uint8Array.from(pagination?.nextKey ?? []);
      more = key.length > 0;
    }
    return seen;
  });
  await book.note('contracts of a code, first page', async () => {
    const request = QueryContractsByCodeRequest.fromPartial({ codeId: BigInt(first), pagination: page(1) });
    const answer = await ask('ContractsByCode', QueryContractsByCodeRequest.encode(request).finish());
    const { contracts: found, pagination } = QueryContractsByCodeResponse.decode(answer);
    return { found, hasMore: (pagination?.nextKey.length ?? 0) > 0 };
  });
  await book.note('contracts of a creator', async () => {
    const request = QueryContractsByCreatorRequest.fromPartial({ creatorAddress: admin.address, pagination: page(2) });
    const answer = await ask('ContractsByCreator', QueryContractsByCreatorRequest.encode(request).finish());
    const { contractAddresses, pagination } = QueryContractsByCreatorResponse.decode(answer);
    return { contractAddresses, hasMore: (pagination?.nextKey.length ?? 0) > 0 };
  });
  await book.note('history, reversed', async () => {
    const request = QueryContractHistoryRequest.fromPartial({
      address: a,
      pagination: { ...page(1), reverse: true },
    });
    const answer = await ask('ContractHistory', QueryContractHistoryRequest.encode(request).finish());
    return QueryContractHistoryResponse.decode(answer).entries.map(({ operation }) => operation);
  });
  for (const more of [{ offset: 1n }, { countTotal: true }]) {
    await book.note(`page with ${Object.keys(more)[0]}`, async () => {
      const request = QueryCodesRequest.fromPartial({ pagination: { ...page(1), ...more } });
      return await ask('Codes', QueryCodesRequest.encode(request).finish());
    });
  }

  const { sequence } = await admin.account();
  const simulate = async (message: object, at = sequence) => {
    const execute = admin.execute(a, message);
    const any = { typeUrl: execute.typeUrl, value: registry.encode(execute) };
    return await client.tx.simulate([any], '', encodeSecp256k1Pubkey(admin.signer.publicKey), at);
  };
  await book.note('simulate', async () => {
    const { gasInfo, result } = await simulate({ data: { data: 'AAAA' } });
    return { used: (gasInfo?.gasUsed ?? 0n) > 0n, events: result?.events.map(({ type }) => type) };
  });
  await book.note('simulate, contract says no', () => simulate({ set_then_fail: { key: 'k', value: 'v' } }));
  await book.note('simulate, wrong sequence', () => simulate({ data: { data: 'AAAA' } }, sequence + 1));
  await book.note('what was simulated did not happen', async () => (await admin.account()).sequence - sequence);
  return book.answers;
};
