import type { ReceiptFile } from '../../chain/proof/receipt-file.ts';
import { MAX_RESULT_BYTES } from '../../chain/proof/receipt-file.ts';
import { type ResultKind, resultKind } from '../../chain/proof/result-kind.ts';
import { type Manifest, parseManifest } from '../../model/manifest.ts';
import { rawDigest } from '../../protocol/digest.ts';
import { fromHex } from '../../protocol/encoding.ts';
import { decodeSignedReceipt, receiptsRoot, type SignedReceipt } from '../../protocol/receipt.ts';
import { sha256 } from '../../protocol/sha2.ts';
import { type Vote, votesOf } from './check-settlement.ts';
import { expectBytes, expectSame, refuse } from './checks.ts';
import type { Story } from './story.ts';

/** A member's receipts, bound by its reveal. */
export interface MemberWork {
  readonly node: string;
  readonly vrfPublicKey: Uint8Array;
  /** In stage order. */
  readonly stages: readonly SignedReceipt[];
}

/** The manifest is the one whose hash was asked for. */
export const checkManifest = ({ manifest }: ReceiptFile, { ask }: Story): Manifest => {
  expectBytes('hash of the manifest', sha256(manifest), ask.model);
  return parseManifest(manifest);
};

/** Receipts of members of the majority in seat order: the root that each committed to, and one line from input to digest. */
export const checkReceipts = (file: ReceiptFile, story: Story, manifest: Manifest): MemberWork[] => {
  const members = votesOf(story).filter((vote) => vote.settled.outcome === 'majority');
  let seat = -1;
  const work = file.receipts.map(({ node, stages }): MemberWork => {
    const place = members.findIndex((member) => member.settled.node === node);
    const member = members[place];
    if (member === undefined || place <= seat)
      return refuse(`receipts of ${node}`, 'members of the majority in seat order');
    seat = place;
    expectBytes(`receipts root of ${node}`, receiptsRoot(stages), member.reveal.receiptsRoot);
    const decoded = stages.map(decodeSignedReceipt);
    expectLine(file, story, manifest, member, decoded);
    return { node, vrfPublicKey: member.commit.answer.vrfPublicKey, stages: decoded };
  });
  for (const { node, stages } of work)
    expectBytes(`input of ${node}`, firstRoot(stages), firstRoot(work[0]?.stages ?? []));
  return work;
};

const firstRoot = (stages: readonly SignedReceipt[]): Uint8Array => stages[0]?.receipt.inRoot ?? new Uint8Array();

const expectLine = (
  file: ReceiptFile,
  { ask }: Story,
  manifest: Manifest,
  { settled, reveal }: Vote,
  stages: readonly SignedReceipt[],
): void => {
  const name = (stage: number): string => `stage ${stage} of ${settled.node}`;
  expectSame(`number of receipts of ${settled.node}`, stages.length, manifest.stages.length);
  stages.forEach(({ receipt: r }, i) => {
    expectBytes(`query of ${name(i)}`, r.queryHash, ask.answer.queryHash);
    expectSame(`attempt of ${name(i)}`, r.attempt, file.attempt);
    expectSame(`node of ${name(i)}`, r.node, settled.node);
    expectSame(`place of ${name(i)}`, r.stage, i);
    expectSame(`stages of ${name(i)}`, r.stages, stages.length);
    expectBytes(`shard of ${name(i)}`, r.shard, fromHex(manifest.stages[i]?.shard ?? ''));
    if (r.startedMs > r.endedMs)
      refuse(`${name(i)} ended ${r.startedMs - r.endedMs} ms before it began`, 'an end after');
    expectBytes(`output of ${name(i)}`, r.outRoot, stages[i + 1]?.receipt.inRoot ?? reveal.digest);
  });
};

/** The bytes are those of the digest that the contract settled on. */
export const checkResult = ({ result }: ReceiptFile, { settled }: Story): ResultKind | undefined => {
  if (result === undefined) return undefined;
  if (result.length > MAX_RESULT_BYTES)
    return refuse(`${result.length} bytes of result`, `at most ${MAX_RESULT_BYTES}`);
  return resultKind(result, settled.digest) ?? refuse('a result of another digest', 'the settled digest');
};

/** The input that was asked about went into the first stage: the one in the ask itself, and the one at hand, if any. */
export const checkInput = ({ ask }: Story, work: readonly MemberWork[], given: Uint8Array | undefined): void => {
  const inline = 'inline' in ask.input ? ask.input.inline : undefined;
  for (const input of [inline, given]) {
    if (input === undefined) continue;
    expectBytes('hash of the input', sha256(input), ask.inputHash);
    for (const { node, stages } of work) expectBytes(`input of ${node}`, firstRoot(stages), rawDigest(input));
  }
};
