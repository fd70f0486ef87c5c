import { createPublicKey, verify } from 'node:crypto';
import { MAX_COMMITTEE } from '../../chain/proof/receipt-file.ts';
import { vrfVerify } from '../../protocol/ecvrf.ts';
import { concat, fromHex } from '../../protocol/encoding.ts';
import { encodeReceipt } from '../../protocol/receipt.ts';
import { alphaOf, MAX_ROUND, qualifies } from '../../protocol/sortition.ts';
import type { MemberWork } from './check-work.ts';
import { expectSame, refuse } from './checks.ts';
import type { Story } from './story.ts';

/** What is dear: curve arithmetic, after everything that only hashes. */

/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 section 4). */
const SPKI_ED25519 = fromHex('302a300506032b6570032100');

/** Every receipt was signed with the key that its node registered. Node's own Ed25519 is ten times as fast as one in JavaScript. */
export const checkSignatures = (work: readonly MemberWork[]): void => {
  for (const { node, vrfPublicKey, stages } of work) {
    const der = Buffer.from(concat([SPKI_ED25519, vrfPublicKey]));
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    for (const { receipt, signature } of stages) {
      if (!verify(null, encodeReceipt(receipt), key, signature)) {
        refuse(`signature of stage ${receipt.stage} of ${node} does not hold`, 'an Ed25519 signature by its key');
      }
    }
  }
};

/** Every seat was drawn: its VRF proof holds for the seed and round, and the output is below the threshold. */
export const checkDraws = ({ seats, opened }: Story): void => {
  if (seats.length > MAX_COMMITTEE) refuse(`${seats.length} seats`, `at most ${MAX_COMMITTEE}`);
  expectSame(
    'number of keys',
    new Set(seats.map(({ commit }) => String(commit.answer.vrfPublicKey))).size,
    seats.length,
  );
  for (const { commit, settled } of seats) {
    const { vrfPublicKey, weight, round } = commit.answer;
    if (round > MAX_ROUND) refuse(`round ${round} of ${settled.node}`, `at most ${MAX_ROUND}`);
    const beta =
      vrfVerify(vrfPublicKey, alphaOf(opened.seed, round), commit.proof) ??
      refuse(`the draw of ${settled.node} has a proof that does not hold`, 'a VRF proof by its key');
    if (!qualifies(beta, { weight, totalWeight: opened.totalWeight, seats: opened.seats, round })) {
      refuse(`${settled.node} was not drawn in round ${round}`, 'an output below the threshold');
    }
  }
};
