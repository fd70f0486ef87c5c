import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeReceiptFile, encodeReceiptFile, type ReceiptFile } from '../../shared/chain/proof/receipt-file.ts';
import { VerificationError, verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { commitment, sketchHash } from '../../shared/protocol/commitment.ts';
import {
  concat,
  field,
  fromBase64,
  readFields,
  toBase64,
  u32,
  u64,
  u128,
  utf8,
} from '../../shared/protocol/encoding.ts';
import {
  decodeSignedReceipt,
  encodeSignedReceipt,
  receiptsRoot,
  type SignedReceipt,
} from '../../shared/protocol/receipt.ts';
import { lie, type Parts } from './lying-chain.ts';
import { type Proved, proveOne } from './proved.ts';

/** What only a lying chain, contract or node can write: everything is included, so the verifier's own arithmetic must refuse. */

let proved: Proved;
let file: ReceiptFile;
beforeAll(async () => {
  proved = await proveOne(3, { conduct: [[undefined, { says: utf8('another answer') }]], agent: true });
  file = decodeReceiptFile(proved.file);
});
afterAll(() => proved.world.devchain.close());

const stepOf = (forged: ReceiptFile): string => {
  try {
    verifyReceipt(encodeReceiptFile(forged));
    return 'nothing';
  } catch (error) {
    if (error instanceof VerificationError) return error.step;
    throw error;
  }
};
const refusedBy = (edit: (parts: Parts) => void): string => stepOf(lie(file, edit));
const on = (kind: string, nth: number, edit: (parts: Parts) => void) => (parts: Parts) => {
  if (parts.kind === kind && parts.nth === nth) edit(parts);
};
/** Fields of seat n in a settlement: node, outcome, paid, slashed. */
const seat = (n: number, place: number, value: Uint8Array) =>
  on('settle', 0, ({ answer }) => {
    const seats = readFields(answer[7]!);
    seats[4 * n + place] = value;
    answer[7] = concat(seats.map(field));
  });

test('a chain of its own that tells the truth verifies, but is not anchored', () => {
  const bytes = encodeReceiptFile(lie(file, () => undefined));
  expect(verifyReceipt(bytes).anchored).toBe(false);
  expect(() => verifyReceipt(bytes, { trustedHeaderHash: file.anchor.hash })).toThrow(VerificationError);
});

describe('the question', () => {
  test.each<[string, string, (parts: Parts) => void]>([
    ['another fee', 'question', ({ funds }) => Object.assign(funds[0]!, { amount: '3001' })],
    ['another asker’s units', 'question', ({ msg }) => Object.assign(msg, { max_units: 1 })],
    ['two coins', 'story', ({ funds }) => funds.push(funds[0]!)],
    ['another input', 'input', ({ msg }) => Object.assign(msg, { input: { inline: toBase64(utf8('forged')) } })],
    [
      'an opening for fewer seats',
      'question',
      ({ answer }) => {
        const opened = readFields(answer[3]!);
        opened[6] = u32(1);
        answer[3] = concat(opened.map(field));
      },
    ],
    [
      'an opening at another height',
      'story',
      ({ answer }) => {
        const opened = readFields(answer[3]!);
        opened[5] = u64(1);
        answer[3] = concat(opened.map(field));
      },
    ],
  ])('%s is refused by %s', (_, step, edit) => expect(refusedBy(on('ask', 0, edit))).toBe(step));
});

describe('draws', () => {
  test('a weight that does not reach the threshold', () => {
    expect(
      refusedBy(
        on('commit', 2, ({ answer }) => {
          answer[5] = u128(1n);
        }),
      ),
    ).toBe('draws');
  });
  test('a proof for another key, another round, a round beyond the last', () => {
    const proofs: string[] = [];
    lie(file, ({ kind, msg }) => {
      if (kind === 'commit') proofs.push(String(msg.proof));
    });
    expect(
      refusedBy(
        on('commit', 0, ({ msg }) => {
          msg.proof = proofs[1];
        }),
      ),
    ).toBe('draws');
    const round = (value: number) =>
      on('commit', 0, ({ msg, answer }) => {
        msg.round = value;
        answer[6] = u32(value);
      });
    expect(refusedBy(round(1))).toBe('draws');
    expect(refusedBy(round(17))).toBe('draws');
    expect(
      refusedBy(
        on('commit', 0, ({ msg }) => {
          msg.round = 1;
        }),
      ),
    ).toBe('story');
  });
});

describe('votes and money', () => {
  test.each<[string, string, (parts: Parts) => void]>([
    [
      'another salt',
      'commitments',
      on('reveal', 0, ({ msg }) => {
        msg.salt = toBase64(new Uint8Array(32));
      }),
    ],
    [
      'a late reveal that wins',
      'commitments',
      on('reveal', 0, ({ answer }) => {
        answer[4] = utf8('late');
      }),
    ],
    [
      'another digest',
      'votes',
      on('settle', 0, ({ answer }) => {
        answer[4] = new Uint8Array(32);
      }),
    ],
    [
      'one vote less',
      'votes',
      on('settle', 0, ({ answer }) => {
        answer[5] = u32(2);
      }),
    ],
    ['a majority of one', 'votes', seat(0, 1, utf8('minority'))],
    ['a dissenter that wins', 'votes', seat(1, 1, utf8('majority'))],
    ['a seat without an end', 'commitments', seat(1, 1, utf8('revealed'))],
    ['an unknown end', 'story', seat(1, 1, utf8('winner'))],
    ['a seat of another node', 'story', seat(1, 0, utf8('quo1nobody'))],
    [
      'no digest',
      'story',
      on('settle', 0, ({ answer }) => {
        answer[4] = new Uint8Array();
      }),
    ],
    [
      'a noop',
      'story',
      on('settle', 0, ({ answer }) => {
        answer[3] = utf8('noop');
      }),
    ],
    ['a paid minority', 'payments', seat(1, 2, u128(1n))],
    ['a winner paid its whole slice', 'payments', seat(0, 2, u128(1_500n))],
    ['a winner paid less than its reputation can give', 'payments', seat(0, 2, u128(1n))],
    ['a winner slashed', 'payments', seat(0, 3, u128(1n))],
    [
      'a field too many',
      'story',
      on('settle', 0, ({ answer }) => {
        answer.push(new Uint8Array());
      }),
    ],
  ])('%s is refused by %s', (_, step, edit) => expect(refusedBy(edit)).toBe(step));
});

describe('a node that commits to wrong receipts', () => {
  /** Member 0 commits to and reveals these receipts instead of its own. */
  const withReceipts = (change: (stages: SignedReceipt[]) => SignedReceipt[]): ReceiptFile => {
    const [own, ...others] = file.receipts as [ReceiptFile['receipts'][0]];
    const stages = change(own.stages.map(decodeSignedReceipt)).map(encodeSignedReceipt);
    const root = receiptsRoot(stages);
    let made = new Uint8Array();
    lie(
      file,
      on('reveal', 0, ({ msg }) => {
        const opened = {
          node: own.node,
          digest: fromBase64(String(msg.digest)),
          sketchHash: sketchHash([]),
          receiptsRoot: root,
          salt: fromBase64(String(msg.salt)),
        };
        made = new Uint8Array(commitment({ ...file }, opened));
      }),
    );
    const chain = lie(file, (parts) => {
      on('reveal', 0, ({ msg }) => {
        msg.receipts_root = toBase64(root);
      })(parts);
      on('commit', 0, ({ msg, answer }) => {
        msg.commitment = toBase64(made);
        answer[7] = made;
      })(parts);
    });
    return { ...chain, receipts: [{ ...own, stages }, ...others] };
  };
  const changed = (edit: Partial<SignedReceipt['receipt']>, at = 1) =>
    withReceipts((stages) => stages.map((s, i) => (i === at ? { ...s, receipt: { ...s.receipt, ...edit } } : s)));
  const bytes = new Uint8Array(32);

  test('nothing changed', () => expect(stepOf(withReceipts((stages) => stages))).toBe('nothing'));
  test('a signature that does not hold', () => {
    const forged = withReceipts((stages) => stages.map((s) => ({ ...s, signature: new Uint8Array(64) })));
    expect(stepOf(forged)).toBe('signatures');
    expect(stepOf(changed({ units: 2 }))).toBe('signatures');
  });
  test.each<[string, () => ReceiptFile]>([
    ['another query', () => changed({ queryHash: bytes })],
    ['another attempt', () => changed({ attempt: 1 })],
    ['another node', () => changed({ node: 'quo1nobody' })],
    ['another stage', () => changed({ stage: 2 })],
    ['other stages', () => changed({ stages: 4 })],
    ['another shard', () => changed({ shard: bytes })],
    ['an input that is not the output before', () => changed({ inRoot: bytes })],
    ['a last output that is not the digest', () => changed({ outRoot: bytes }, 2)],
    ['an input of its own', () => changed({ inRoot: bytes }, 0)],
    ['an end before its start', () => changed({ startedMs: 2 ** 45 })],
    ['a stage less', () => withReceipts((stages) => stages.slice(1))],
  ])('%s', (_, forged) => expect(stepOf(forged())).toBe('receipts'));
});
