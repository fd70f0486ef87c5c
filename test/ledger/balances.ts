import { toBech32 } from '@cosmjs/encoding';
import { decodeTxRaw } from '@cosmjs/proto-signing';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { DEVNET } from '../../infra/local/settings.ts';
import type { Entry } from '../../shared/ledger/entry.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ChainWithModel } from '../receipts/chain-with-model.ts';

/** The other side of a ledger's check: what the bank of the chain says. */

/** x/auth: the module account of this name has the first 20 bytes of the name's hash as address. */
export const VALIDATORS = toBech32(DEVNET.bech32Prefix, sha256(utf8('fee_collector')).subarray(0, 20));

export type Balances = ReadonlyMap<string, bigint>;

export const balances = async ({ chain, operator, nodes }: ChainWithModel): Promise<Balances> => {
  const accounts = [operator.address, ...nodes.map(({ address }) => address), chain.contract, VALIDATORS];
  return new Map(
    await Promise.all(accounts.map(async (account) => [account, await chain.balanceUnes(account)] as const)),
  );
};

export const changes = (before: Balances, after: Balances): Map<string, bigint> =>
  new Map([...after].map(([account, unes]) => [account, unes - (before.get(account) ?? 0n)]));

/** Which bank account an entry moves: bonds and the pool lie in the contract's. */
const bankAccount = ({ account, role }: Entry, contract: string): string => {
  if (role === 'validators') return VALIDATORS;
  return role === 'bond' ? contract : account;
};

export interface OtherTx {
  readonly hash: string;
  readonly code: number;
  readonly sender: string;
  readonly fundsUnes: bigint;
  readonly feeUnes: bigint;
}

/** All transactions of these blocks that execute a contract once, read from the blocks themselves. */
export const transactionsIn = async (world: ChainWithModel, from: number, to: number): Promise<OtherTx[]> => {
  const found: OtherTx[] = [];
  for (let height = from; height <= to; height++) {
    const { block } = await world.comet.block(height);
    const { results } = await world.comet.blockResults(height);
    block.txs.forEach((tx, i) => {
      const { body, authInfo } = decodeTxRaw(tx);
      const [message] = body.messages;
      const { sender, funds } = MsgExecuteContract.decode(message?.value ?? new Uint8Array());
      const code = results[i]?.code ?? 0;
      const hash = toHex(sha256(tx)).toUpperCase();
      const fundsUnes = code === 0 ? BigInt(funds[0]?.amount ?? 0) : 0n;
      found.push({ hash, code, sender, fundsUnes, feeUnes: BigInt(authInfo.fee?.amount[0]?.amount ?? 0) });
    });
  }
  return found;
};

/** What the balances must have changed by: the ledger's entries, and the transactions that are none of the query's. */
export const expectedChanges = (
  accounts: Iterable<string>,
  contract: string,
  entries: readonly Entry[],
  others: readonly OtherTx[],
): Map<string, bigint> => {
  const expected = new Map([...accounts].map((account) => [account, 0n]));
  const add = (account: string, unes: bigint): void => void expected.set(account, (expected.get(account) ?? 0n) + unes);
  for (const entry of entries) add(bankAccount(entry, contract), entry.unes);
  for (const { sender, fundsUnes, feeUnes } of others) {
    add(sender, -fundsUnes - feeUnes);
    add(contract, fundsUnes);
    add(VALIDATORS, feeUnes);
  }
  return expected;
};
