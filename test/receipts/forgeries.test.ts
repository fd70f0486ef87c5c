import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cometEvidence } from '../../shared/chain/proof/comet-evidence.ts';
import { decodeOutcome } from '../../shared/chain/proof/execution.ts';
import { decodeHeader, encodeHeader, headerHash } from '../../shared/chain/proof/header.ts';
import { comparePlaces, siblings, sidesOf, txId } from '../../shared/chain/proof/inclusion.ts';
import {
  decodeReceiptFile,
  encodeReceiptFile,
  type ProvedTx,
  type ReceiptFile,
} from '../../shared/chain/proof/receipt-file.ts';
import { stepsIn } from '../../shared/chain/proof/steps.ts';
import { VerificationError, verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { concat, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { ChainWithModel } from './chain-with-model.ts';
import { type Proved, prove } from './proved.ts';

/** An attacker who edits a real file's content and writes it down canonically. Node 1 of three was in the minority. */

let world: ChainWithModel;
let first: Proved;
let second: Proved;
let file: ReceiptFile;
let other: ReceiptFile;
let foreign: ReceiptFile;

beforeAll(async () => {
  world = await ChainWithModel.open(3);
  const play = { conduct: [[undefined, { says: utf8('another answer') }]] };
  first = await prove(world, play);
  second = await prove(world, play);
  file = decodeReceiptFile(first.file);
  other = decodeReceiptFile(second.file);
  const elsewhere = await ChainWithModel.open(3, { chainId: 'another-chain-1' });
  foreign = decodeReceiptFile((await prove(elsewhere, play)).file);
  await elsewhere.devchain.close();
});
afterAll(() => world.devchain.close());

const refusedBy = (forged: ReceiptFile): string => {
  try {
    verifyReceipt(encodeReceiptFile(forged));
    return 'nothing';
  } catch (error) {
    if (error instanceof VerificationError) return error.step;
    throw error;
  }
};

/** Places in `txs` of the steps of one kind. */
const placesOf = ({ txs, contract }: ReceiptFile, kind: string): number[] =>
  txs.flatMap(({ tx, result }, i) => (stepsIn(tx, result, contract).some((step) => step.kind === kind) ? [i] : []));

const without = <T>(items: readonly T[], ...places: number[]): T[] => items.filter((_, i) => !places.includes(i));
const replaced = <T>(items: readonly T[], place: number, item: T): T[] =>
  items.map((old, i) => (i === place ? item : old));
const editTx = (place: number, edit: Partial<ProvedTx>): ReceiptFile => ({
  ...file,
  txs: replaced(file.txs, place, { ...file.txs[place]!, ...edit }),
});

test('the files themselves are right', () => {
  for (const { file: bytes } of [first, second]) expect(verifyReceipt(bytes).votes.majority).toBe(2);
});

describe('the answer', () => {
  test('another result', () => expect(refusedBy({ ...file, result: utf8('forged') })).toBe('result'));
  test('another manifest', () => expect(refusedBy({ ...file, manifest: utf8('{}') })).toBe('manifest'));
  test('another query', () => expect(refusedBy({ ...file, queryId: other.queryId })).toBe('story'));
  test('another attempt', () => expect(refusedBy({ ...file, attempt: 1 })).toBe('story'));
  test('another contract', () => expect(refusedBy({ ...file, contract: `${file.contract}x` })).toBe('story'));
  test('another chain', () => expect(refusedBy({ ...file, chainId: 'another-chain-1' })).toBe('headers'));
});

describe('the committee', () => {
  test('the reveal of the minority is dropped', () => {
    expect(refusedBy({ ...file, txs: without(file.txs, placesOf(file, 'reveal')[1]!) })).toBe('commitments');
  });
  test('the whole minority is dropped', () => {
    const [commit, reveal] = [placesOf(file, 'commit')[1]!, placesOf(file, 'reveal')[1]!];
    expect(refusedBy({ ...file, txs: without(file.txs, commit, reveal) })).toBe('story');
  });
  test.each(['ask', 'commit', 'settle'])('no %s', (kind) => {
    expect(refusedBy({ ...file, txs: without(file.txs, placesOf(file, kind)[0]!) })).toBe('story');
  });
  test('one commit twice', () => {
    const place = placesOf(file, 'commit')[0]!;
    const txs = file.txs.toSpliced(place, 0, file.txs[place]!);
    expect(refusedBy({ ...file, txs })).toBe('transactions');
  });
  test('two commits in the wrong order', () => {
    const [a, b] = placesOf(file, 'commit') as [number, number];
    const txs = replaced(replaced(file.txs, a, file.txs[b]!), b, file.txs[a]!);
    expect(refusedBy({ ...file, txs })).toBe('transactions');
  });
});

describe('receipts', () => {
  test('of two members swapped', () => {
    const [a, b] = file.receipts as [ReceiptFile['receipts'][0], ReceiptFile['receipts'][0]];
    const swapped = [
      { ...a, stages: b.stages },
      { ...b, stages: a.stages },
    ];
    expect(refusedBy({ ...file, receipts: swapped })).toBe('receipts');
    expect(refusedBy({ ...file, receipts: [b, a] })).toBe('receipts');
  });
  test('of a member twice, of the minority, of nobody', () => {
    const [a] = file.receipts as [ReceiptFile['receipts'][0]];
    expect(refusedBy({ ...file, receipts: [a, a] })).toBe('receipts');
    for (const node of [world.nodes[1]!.address, world.operator.address]) {
      expect(refusedBy({ ...file, receipts: [{ ...a, node }] })).toBe('receipts');
    }
  });
  test('of another query, and one stage short', () => {
    expect(refusedBy({ ...file, receipts: other.receipts })).toBe('receipts');
    const short = file.receipts.map((r) => ({ ...r, stages: r.stages.slice(1) }));
    expect(refusedBy({ ...file, receipts: short })).toBe('receipts');
  });
  test('left out: shown as not included, nothing else changes', () => {
    const report = verifyReceipt(encodeReceiptFile({ ...file, receipts: [], result: undefined }));
    expect(report.receiptsNotIncluded).toHaveLength(2);
    expect(report.result).toBeUndefined();
  });
});

describe('transactions', () => {
  test("another query's ask in place of this one's", () => {
    expect(refusedBy({ ...file, txs: replaced(file.txs, 0, other.txs[0]!) })).toBe('transactions');
    const both = { ...file, headers: [...file.headers, ...other.headers.slice(1)], anchor: other.anchor };
    expect(refusedBy({ ...both, txs: [...file.txs, ...other.txs] })).toBe('headers');
  });
  test('the bytes, the result, the place or the height of a transaction', () => {
    const last = file.txs.length - 1;
    const { tx, result, sides, height } = file.txs[last]!;
    expect(refusedBy(editTx(last, { tx: concat([tx, Uint8Array.of(0)]) }))).toBe('transactions');
    expect(refusedBy(editTx(last, { result: concat([result, Uint8Array.of(0)]) }))).toBe('results');
    expect(refusedBy(editTx(last, { sides: `${sides}l` }))).toBe('transactions');
    expect(refusedBy(editTx(last, { height: height + 1 }))).toBe('transactions');
    expect(refusedBy(editTx(last, { height: 1_000_000 }))).toBe('transactions');
  });
  test('paths of a wrong length', () => {
    const place = placesOf(file, 'commit')[0]!;
    const { txPath, resultPath, sides } = file.txs[place]!;
    expect(sides).not.toBe('');
    const longer = [...txPath, new Uint8Array(32)];
    expect(refusedBy(editTx(place, { txPath: longer }))).toBe('transactions');
    expect(refusedBy(editTx(place, { txPath: longer, sides: `${sides}r` }))).toBe('transactions');
    expect(refusedBy(editTx(place, { resultPath: resultPath.slice(1) }))).toBe('results');
  });
  test("a neighbour's result", () => {
    const [a, b] = placesOf(file, 'reveal') as [number, number];
    const { result, resultPath } = file.txs[b]!;
    expect(refusedBy(editTx(a, { result, resultPath }))).toBe('results');
  });
  test('one that failed, one that is not about the query', async () => {
    const [failed, bond] = await strangers(first);
    for (const [tx, step] of [
      [failed, 'failed with code'],
      [bond, 'has no part in the query'],
    ] as const) {
      const txs = [...file.txs, tx].sort((a, b) => a.height - b.height || comparePlaces(a.sides, b.sides));
      expect(() => verifyReceipt(encodeReceiptFile({ ...file, txs }))).toThrow(step);
    }
  });
});

/** Proofs of a failed transaction and of one that is not about the query, both in blocks of the file's headers. */
const strangers = async ({ world: { comet } }: Proved): Promise<[ProvedTx, ProvedTx]> => {
  const evidence = cometEvidence(comet);
  const found: ProvedTx[] = [];
  for (let height = file.anchor.height - file.headers.length + 1; height < file.anchor.height; height++) {
    const [txs, results] = [await evidence.txs(height), await evidence.results(height)];
    const ids = txs.map(txId);
    txs.forEach((tx, i) => {
      const proof = { txPath: siblings(ids, i), resultPath: siblings(results, i), sides: sidesOf(i, txs.length) };
      found.push({ height, tx, result: results[i]!, ...proof });
    });
  }
  const has = (tx: ProvedTx) => file.txs.some((known) => toHex(known.tx) === toHex(tx.tx));
  const strange = found.filter((tx) => !has(tx));
  const failed = (tx: ProvedTx) => decodeOutcome(tx.result).code !== 0;
  return [strange.find(failed)!, strange.find((tx) => !failed(tx))!];
};

describe('headers', () => {
  test('of another chain', () => {
    const headers = replaced(file.headers, 2, foreign.headers[2]!);
    expect(refusedBy({ ...file, headers })).toBe('headers');
    expect(refusedBy({ ...file, headers: foreign.headers, anchor: foreign.anchor })).not.toBe('nothing');
    expect(refusedBy({ ...foreign, chainId: file.chainId })).toBe('headers');
  });
  test('the anchor moved back, on, or to another height', async () => {
    const at = (height: number) => cometEvidence(world.comet).header(height);
    const { height } = file.anchor;
    const back = file.headers.slice(0, -1);
    const on = [...file.headers, await at(height + 1)];
    const anchored = (headers: readonly Uint8Array[], to: number) => {
      const hash = toHex(headerHash(decodeHeader(headers.at(-1)!))).toUpperCase();
      return { ...file, headers, anchor: { height: to, hash } };
    };
    expect(refusedBy(anchored(back, height - 1))).toBe('results');
    expect(refusedBy(anchored(on, height + 1))).toBe('story');
    expect(refusedBy(anchored(file.headers, height + 1))).toBe('anchor');
  });
  test('one more before the ask, one missing in the middle', async () => {
    const { height } = file.anchor;
    const before = await cometEvidence(world.comet).header(height - file.headers.length);
    expect(refusedBy({ ...file, headers: [before, ...file.headers] })).toBe('story');
    expect(refusedBy({ ...file, headers: without(file.headers, 3) })).toBe('headers');
  });
  test('bytes that the hash does not cover', () => {
    const padded = concat([file.headers[0]!, Uint8Array.of(0xf8, 0x07, 0x01)]);
    expect(refusedBy({ ...file, headers: replaced(file.headers, 0, padded) })).toBe('headers');
  });
  test('a chain of the attacker: without trust it is not anchored, with trust it is refused', () => {
    const last = decodeHeader(file.headers.at(-1)!);
    const forged = encodeHeader({ ...last, appHash: new Uint8Array(32) });
    const hash = toHex(headerHash(decodeHeader(forged))).toUpperCase();
    const bytes = encodeReceiptFile({
      ...file,
      headers: replaced(file.headers, file.headers.length - 1, forged),
      anchor: { ...file.anchor, hash },
    });
    expect(verifyReceipt(bytes).anchored).toBe(false);
    expect(() => verifyReceipt(bytes, { trustedHeaderHash: file.anchor.hash })).toThrow(VerificationError);
  });
});

describe('the form', () => {
  const text = () => new TextDecoder().decode(first.file);
  test.each<[string, (text: string) => string]>([
    ['without the last line feed', (t) => t.slice(0, -1)],
    ['without indentation', (t) => JSON.stringify(JSON.parse(t))],
    ['a byte order mark', (t) => `\uFEFF${t}`],
    ['an escaped letter', (t) => t.replace('"format"', '"\\u0066ormat"')],
    ['a number with an exponent', (t) => t.replace('"attempt": 0', '"attempt": 0e0')],
    ['a key twice', (t) => t.replace('{\n', '{\n "attempt": 0,\n')],
    ['a key too many', (t) => t.replace('{\n', '{\n "note": "",\n')],
    ['another order of keys', (t) => t.replace(/( "query_id": \d+,\n)( "attempt": \d+,\n)/, '$2$1')],
    ['base64 with loose bits', (t) => t.replace(/A==",/, 'B==",')],
    ['another format', (t) => t.replace('/v1', '/v2')],
  ])('%s', (_, edit) => {
    const edited = edit(text());
    expect(edited).not.toBe(text());
    expect(() => verifyReceipt(utf8(edited))).toThrow(expect.objectContaining({ step: 'canonical-form' }));
  });
});
