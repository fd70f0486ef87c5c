import type { Header } from 'cosmjs-types/tendermint/types/types';
import { decodeHeader, headerHash } from '../../chain/proof/header.ts';
import { comparePlaces, isIncluded, txId } from '../../chain/proof/inclusion.ts';
import type { ReceiptFile } from '../../chain/proof/receipt-file.ts';
import { equalBytes, fromHex, toHex } from '../../protocol/encoding.ts';
import { expectBytes, expectSame, refuse } from './checks.ts';

/** The headers of a file by height. */
export interface HeaderChain {
  readonly first: number;
  readonly last: number;
  /** Refuses heights outside the chain. */
  at(height: number): Header;
}

/** The last header has the hash that the file's anchor names. */
export const checkAnchor = ({ anchor, headers }: ReceiptFile): void => {
  const last = decodeHeader(headers.at(-1) ?? new Uint8Array());
  expectSame('height of the last header', last.height, BigInt(anchor.height));
  expectBytes('hash of the last header', headerHash(last), fromHex(anchor.hash.toLowerCase()));
};

/** From the anchor backwards, each header is the one whose hash its successor names; so one trusted hash covers all. */
export const checkHeaders = (file: ReceiptFile): HeaderChain => {
  const last = file.anchor.height;
  const first = last - file.headers.length + 1;
  const headers: Header[] = [];
  let hash = fromHex(file.anchor.hash.toLowerCase());
  for (let i = file.headers.length - 1; i >= 0; i--) {
    const header = decodeHeader(file.headers[i] ?? new Uint8Array());
    if (!equalBytes(headerHash(header), hash))
      refuse(`header ${first + i} hashes to ${toHex(headerHash(header))}`, toHex(hash));
    expectSame('height of a header', header.height, BigInt(first + i));
    expectSame('chain id of a header', header.chainId, file.chainId);
    headers[i] = header;
    hash = header.lastBlockId.hash;
  }
  const at = (height: number): Header =>
    headers[height - first] ?? refuse(`no header ${height}`, `${first} to ${last}`);
  return { first, last, at };
};

/** Every transaction lies in the block of its height, in the order of execution, and none twice. */
export const checkTransactions = (file: ReceiptFile, chain: HeaderChain): void => {
  file.txs.forEach((tx, i) => {
    const before = file.txs[i - 1];
    const order = before && (tx.height - before.height || comparePlaces(tx.sides, before.sides));
    if (order !== undefined && order <= 0) refuse(`transaction ${i} does not come after the one before`, 'chain order');
    if (!isIncluded(chain.at(tx.height).dataHash, txId(tx.tx), tx.sides, tx.txPath)) {
      refuse(`transaction ${i} is not in block ${tx.height}`, 'a path to data_hash');
    }
  });
};

/** Every result is the one at its transaction's place under the next header's last_results_hash. */
export const checkResults = (file: ReceiptFile, chain: HeaderChain): void => {
  file.txs.forEach((tx, i) => {
    if (!isIncluded(chain.at(tx.height + 1).lastResultsHash, tx.result, tx.sides, tx.resultPath)) {
      refuse(`result ${i} is not what block ${tx.height} gave`, 'a path to last_results_hash of the next header');
    }
  });
};
