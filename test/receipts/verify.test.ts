import { describe, expect, test } from 'vitest';
import { decodeReceiptFile, encodeReceiptFile } from '../../shared/chain/proof/receipt-file.ts';
import { VerificationError, verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { SLASH_UNES } from '../test-chain.ts';
import { ChainWithModel } from './chain-with-model.ts';
import { ANSWER, INPUT } from './play-query.ts';
import { headerHashAt, prove, proveOne } from './proved.ts';

const OTHER = { says: utf8('another answer') };

describe.each([3, 5])('a committee of %i with a dissenter', (members) => {
  test('is asked, answers, and is proved to a stranger', async () => {
    const { world, file, played } = await proveOne(members, { conduct: [[undefined, OTHER]], agent: true });
    const { anchor } = verifyReceipt(file);
    const trustedHeaderHash = await headerHashAt(world, anchor.height);
    const report = verifyReceipt(file, { trustedHeaderHash, contract: world.chain.contract, input: INPUT });
    const fee = 1_000n * BigInt(members);
    expect(report).toMatchObject({
      anchored: true,
      anchor: { height: report.settledHeight + 1, hash: trustedHeaderHash },
      query: { id: played.queryId, asker: world.operator.address, model: world.model, feeUnes: fee, seats: members },
      votes: { rule: 'exact', majority: members - 1, revealed: members, committed: members },
      digest: toHex(rawDigest(ANSWER)),
      text: new TextDecoder().decode(ANSWER),
      resultKind: 'raw',
      inputChecked: true,
      receiptsNotIncluded: [],
    });
    expect(report.committee.map(({ node, outcome }) => [node, outcome])).toEqual(
      world.nodes.map((node, i) => [node.address, i === 1 ? 'minority' : 'majority']),
    );
    expect(report.committee.every((seat) => seat.seatChance === 1 && seat.round === 0)).toBe(true);
    expect(report.stages).toHaveLength(3 * (members - 1));
    expect(report.payments.agentUnes).toBe(fee / 10n);
    expect(report.payments.paidUnes + report.payments.agentUnes + report.payments.poolUnes).toBe(fee);
    expect(report.committee[1]).toMatchObject({ paidUnes: 0n, slashedUnes: SLASH_UNES });
    expect(report.checks).toEqual([
      ...['size', 'canonical-form', 'trusted-header', 'contract', 'anchor', 'headers', 'transactions', 'results'],
      ...['story', 'question', 'manifest', 'commitments', 'votes', 'payments', 'receipts', 'result', 'input'],
      ...['signatures', 'draws'],
    ]);
    expect(file.length).toBeLessThan(members * 8_000);
    await world.devchain.close();
  });
});

describe('other lives of a query', () => {
  test('an attempt without majority, then one with it: the opening is the first settlement', async () => {
    const lone = [utf8('a'), utf8('b'), utf8('c')].map((says) => ({ says }));
    const { world, file } = await proveOne(3, { conduct: [lone, []] });
    const report = verifyReceipt(file);
    expect(report.attempt.number).toBe(1);
    expect(report.attempt.openedHeight).toBeGreaterThan(report.query.askedHeight);
    expect(report.votes).toEqual({ rule: 'exact', majority: 3, revealed: 3, committed: 3 });
    await world.devchain.close();
  });

  test('seats that mismatch or stay away are shown as such', async () => {
    const { world, file } = await proveOne(5, { conduct: [['mismatch', 'absent']] });
    const report = verifyReceipt(file);
    const outcomes = report.committee.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['mismatch', 'absent', 'majority', 'majority', 'majority']);
    expect(report.votes).toMatchObject({ majority: 3, revealed: 3, committed: 5 });
    await world.devchain.close();
  });

  test('tolerant models: the medoid of those that agree', async () => {
    const world = await ChainWithModel.open(5, { rule: { tolerant: { tolerance: 3, sketch_len: 1 } } });
    const sketches = [-100, -102, -101, -103, 500];
    const conduct = [sketches.map((value) => ({ says: utf8(`${value}`), sketch: [value] }))];
    const { file } = await prove(world, { conduct });
    expect(verifyReceipt(file)).toMatchObject({ votes: { rule: 'tolerant', majority: 4, revealed: 5 }, text: '-102' });
    await world.devchain.close();
  });

  test('receipts of nodes of other operators are not included, and the report says so', async () => {
    const { world, file } = await proveOne(3);
    const world2 = await ChainWithModel.open(3);
    const { file: partial } = await prove(world2, {}, 1);
    const report = verifyReceipt(partial);
    expect(report.receiptsNotIncluded).toEqual(world2.nodes.slice(1).map(({ address }) => address));
    expect(report.stages).toHaveLength(3);
    expect(verifyReceipt(file).receiptsNotIncluded).toEqual([]);
    const { file: none } = await prove(world2, {}, 0);
    expect(verifyReceipt(none)).toMatchObject({ result: undefined, text: undefined, stages: [] });
    await Promise.all([world.devchain.close(), world2.devchain.close()]);
  });

  test('an input that is not in the ask is checked when it is given', async () => {
    const { world, file } = await proveOne(3, { uri: 'https://example.org/input' });
    expect(verifyReceipt(file).inputChecked).toBe(false);
    expect(verifyReceipt(file, { input: INPUT }).inputChecked).toBe(true);
    expect(() => verifyReceipt(file, { input: utf8('what was not asked') })).toThrow(VerificationError);
    await world.devchain.close();
  });
});

describe('whom to trust', () => {
  test('without a trusted hash the file only agrees with itself; with another hash or contract it is refused', async () => {
    const { world, file } = await proveOne(3);
    expect(verifyReceipt(file).anchored).toBe(false);
    const { anchor } = verifyReceipt(file);
    const before = await headerHashAt(world, anchor.height - 1);
    for (const trustedHeaderHash of [before, 'F'.repeat(64), '', anchor.hash.slice(1)]) {
      expect(() => verifyReceipt(file, { trustedHeaderHash })).toThrow(
        expect.objectContaining({ step: 'trusted-header' }),
      );
    }
    expect(verifyReceipt(file, { trustedHeaderHash: anchor.hash.toLowerCase() }).anchored).toBe(true);
    const contract = world.operator.address;
    expect(() => verifyReceipt(file, { contract })).toThrow(expect.objectContaining({ step: 'contract' }));
    await world.devchain.close();
  });

  test('the error names check, finding and expectation', async () => {
    const { world, file } = await proveOne(3);
    const forged = encodeReceiptFile({ ...decodeReceiptFile(file), result: utf8('no') });
    expect(() => verifyReceipt(forged)).toThrow(
      expect.objectContaining({
        name: 'VerificationError',
        family: 'bad-input',
        code: 'receipt-refused',
        step: 'result',
        found: 'a result of another digest',
        expected: 'the settled digest',
      }),
    );
    await world.devchain.close();
  });
});
