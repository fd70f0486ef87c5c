import type { Header } from 'cosmjs-types/tendermint/types/types';
import { BadInputError, TransientError } from '../../errors.ts';
import type { ChainEvidence } from '../../ports/chain-evidence.ts';
import { equalBytes, toHex } from '../../protocol/encoding.ts';
import { decodeOutcome } from './execution.ts';
import { decodeHeader, headerHash } from './header.ts';
import { comparePlaces, isIncluded, siblings, sidesOf, txId } from './inclusion.ts';
import { MAX_HEADERS, type ProvedTx, type ReceiptFile } from './receipt-file.ts';
import { isNeeded, type SettleStep, type Step, stepsIn } from './steps.ts';

/** A transaction that events named. */
export interface TxPlace {
  readonly height: number;
  /** SHA-256 of its bytes, upper-case hex. */
  readonly txHash: string;
}

/** The part of a receipt file that comes from the chain, and the steps in it. */
export interface ChainProof extends Pick<ReceiptFile, 'attempt' | 'anchor' | 'headers' | 'txs'> {
  readonly steps: readonly Step[];
}

interface Found extends ProvedTx {
  readonly steps: readonly Step[];
}

/** Requests to the chain's node at a time. */
const BATCH = 8;

const inBatches = async <A, B>(items: readonly A[], run: (item: A) => Promise<B>): Promise<B[]> => {
  const out: B[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    out.push(...(await Promise.all(items.slice(at, at + BATCH).map(run))));
  }
  return out;
};

const inconsistent = (message: string, cause?: unknown): TransientError =>
  new TransientError('evidence-inconsistent', message, {
    next: 'ask another node of the chain',
    ...(cause === undefined ? {} : { cause }),
  });

/** Bytes from the chain's node that do not decode are its fault, not the query's. */
const decoded = <T>(what: string, decode: () => T): T => {
  try {
    return decode();
  } catch (cause) {
    throw inconsistent(`${what} does not decode`, cause);
  }
};

const unprovable = (queryId: number, what: string): BadInputError =>
  new BadInputError('receipt-unprovable', `query ${queryId} was ${what} by no direct execution of the contract`, {
    next: 'ask and settle with transactions of your own, not through another contract',
  });

/**
 * Gathers what proves a query's settlement.
 * @param places all transactions of the query's events; those that the settled attempt does not need are left out
 * @throws {TransientError} `evidence-inconsistent` when the chain's node contradicts itself
 * @throws {BadInputError} `receipt-unprovable` when the query was not asked and settled by executions in these transactions;
 *   `receipt-too-large` over {@link MAX_HEADERS}
 */
export const gatherProof = async (
  evidence: ChainEvidence,
  query: { readonly contract: string; readonly queryId: number },
  places: readonly TxPlace[],
): Promise<ChainProof> => {
  const { contract, queryId } = query;
  const heights = [...new Set(places.map((place) => place.height))];
  const hashes = new Set(places.map((place) => place.txHash));
  const found = (await inBatches(heights, (height) => readTxs(evidence, contract, height, hashes))).flat();

  const settles = (step: Step): step is SettleStep =>
    step.kind === 'settle' && step.answer.queryId === queryId && step.answer.outcome === 'verified';
  const settledTx = found.find((tx) => tx.steps.some(settles));
  const settlement = settledTx?.steps.find(settles);
  if (!settledTx || !settlement) throw unprovable(queryId, 'settled');
  const askedTx = found.find((tx) => tx.steps.some((step) => step.kind === 'ask' && step.answer.queryId === queryId));
  if (!askedTx) throw unprovable(queryId, 'asked');

  const { attempt } = settlement.answer;
  const needed = found
    .filter((tx) => tx.steps.some((step) => isNeeded(step, queryId, attempt)))
    .sort((a, b) => a.height - b.height || comparePlaces(a.sides, b.sides));
  const [first, last] = [askedTx.height, settledTx.height + 1];
  const headers = await readHeaders(evidence, first, last);
  const hash = checkChain(headers, needed, first);
  return {
    attempt,
    anchor: { height: last, hash },
    headers,
    txs: needed.map(({ steps: _, ...tx }) => tx),
    steps: needed.flatMap((tx) => tx.steps),
  };
};

/** The transactions with these hashes in one block, with what they did and where they are. Failed ones prove nothing. */
const readTxs = async (
  evidence: ChainEvidence,
  contract: string,
  height: number,
  hashes: ReadonlySet<string>,
): Promise<Found[]> => {
  const [txs, results] = await Promise.all([evidence.txs(height), evidence.results(height)]);
  if (txs.length !== results.length) throw inconsistent(`${txs.length} transactions, ${results.length} results`);
  const ids = txs.map(txId);
  return txs.flatMap((tx, i) => {
    const [id, result] = [ids[i], results[i]];
    if (!id || !result || !hashes.has(toHex(id).toUpperCase())) return [];
    const steps = decoded(`transaction ${i} of block ${height}`, () =>
      decodeOutcome(result).code === 0 ? stepsIn(tx, result, contract) : [],
    );
    const [txPath, resultPath] = [siblings(ids, i), siblings(results, i)];
    return [{ height, sides: sidesOf(i, txs.length), tx, txPath, result, resultPath, steps }];
  });
};

const readHeaders = (evidence: ChainEvidence, first: number, last: number): Promise<Uint8Array[]> => {
  const count = last - first + 1;
  if (count > MAX_HEADERS) {
    const next = 'prove a query that waited less long';
    throw new BadInputError('receipt-too-large', `${count} headers; a receipt file has at most ${MAX_HEADERS}`, {
      next,
    });
  }
  return inBatches(
    Array.from({ length: count }, (_, i) => first + i),
    (height) => evidence.header(height),
  );
};

/** A node that lies is found here, before its file is handed out. @returns hash of the last header, upper-case hex */
const checkChain = (encoded: readonly Uint8Array[], txs: readonly ProvedTx[], first: number): string => {
  const headers = decoded('a header', () => encoded.map(decodeHeader));
  const hashes = headers.map(headerHash);
  headers.forEach((header, i) => {
    const parent = hashes[i - 1];
    if (Number(header.height) !== first + i) throw inconsistent(`header ${header.height} in place of ${first + i}`);
    if (parent && !equalBytes(header.lastBlockId.hash, parent)) {
      throw inconsistent(`header ${header.height} has another parent`);
    }
  });
  for (const { height, sides, tx, txPath, result, resultPath } of txs) {
    const [here, next] = [headers[height - first], headers[height - first + 1]] as [Header, Header];
    if (!isIncluded(here.dataHash, txId(tx), sides, txPath)) throw inconsistent(`transactions of block ${height}`);
    if (!isIncluded(next.lastResultsHash, result, sides, resultPath)) throw inconsistent(`results of block ${height}`);
  }
  return toHex(hashes.at(-1) ?? new Uint8Array()).toUpperCase();
};
