import { decodeReceiptFile, MAX_FILE_BYTES } from '../../chain/proof/receipt-file.ts';
import { checkAnchor, checkHeaders, checkResults, checkTransactions } from './check-chain.ts';
import { checkDraws, checkSignatures } from './check-keys.ts';
import { checkCommitments, checkPayments, checkVotes } from './check-settlement.ts';
import { checkInput, checkManifest, checkReceipts, checkResult } from './check-work.ts';
import { Checks, expectSame, refuse } from './checks.ts';
import { reportOf, type VerifiedReceipt } from './report.ts';
import { checkQuestion, readStory } from './story.ts';

export type { SeatReport, StageReport, VerifiedReceipt } from './report.ts';
export { VerificationError } from './verification-error.ts';

export interface VerifyOptions {
  /** Hash of the header at the file's anchor height, 64 hex digits, from a source that the caller trusts. */
  readonly trustedHeaderHash?: string;
  /** Address of the contract that the caller means. */
  readonly contract?: string;
  /** The bytes that were asked about. */
  readonly input?: Uint8Array;
}

/**
 * Checks a receipt file without any network (docs/receipt.md names every check). Cheap checks come first, curve arithmetic
 * last. Without a trusted header hash the report says `anchored: false`: the file agrees with itself, and no more is known.
 * @throws {VerificationError} `receipt-refused`, and nothing else, whatever the bytes are
 */
export const verifyReceipt = (bytes: Uint8Array, options: VerifyOptions = {}): VerifiedReceipt => {
  const checks = new Checks();
  const { trustedHeaderHash: trusted, contract, input } = options;
  checks.run('size', () => {
    if (bytes.length > MAX_FILE_BYTES) refuse(`${bytes.length} bytes`, `at most ${MAX_FILE_BYTES}`);
  });
  const file = checks.run('canonical-form', () => decodeReceiptFile(bytes));
  if (trusted !== undefined) {
    checks.run('trusted-header', () => expectSame('hash of the anchor', file.anchor.hash, trusted.toUpperCase()));
  }
  if (contract !== undefined) checks.run('contract', () => expectSame('the contract', file.contract, contract));
  checks.run('anchor', () => checkAnchor(file));
  const chain = checks.run('headers', () => checkHeaders(file));
  checks.run('transactions', () => checkTransactions(file, chain));
  checks.run('results', () => checkResults(file, chain));
  const story = checks.run('story', () => readStory(file, chain));
  checks.run('question', () => checkQuestion(file, story));
  const manifest = checks.run('manifest', () => checkManifest(file, story));
  checks.run('commitments', () => checkCommitments(file, story));
  checks.run('votes', () => checkVotes(story));
  const payments = checks.run('payments', () => checkPayments(story));
  const work = checks.run('receipts', () => checkReceipts(file, story, manifest));
  const resultKind = checks.run('result', () => checkResult(file, story));
  const inputChecked = input !== undefined || 'inline' in story.ask.input;
  if (inputChecked) checks.run('input', () => checkInput(story, work, input));
  checks.run('signatures', () => checkSignatures(work));
  checks.run('draws', () => checkDraws(story));
  const anchored = trusted !== undefined;
  const findings = { file, chain, story, manifest, work, payments, resultKind, anchored, inputChecked };
  return reportOf({ ...findings, checks: checks.passed });
};
