import { askMessage, commitMessage, revealMessage, settleMessage } from '../../shared/chain/contract-messages.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import { commitment, saltMessage, sketchHash } from '../../shared/protocol/commitment.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { fromHex, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { encodeReceipt, encodeSignedReceipt, type Receipt, receiptsRoot } from '../../shared/protocol/receipt.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { alphaOf, qualifies } from '../../shared/protocol/sortition.ts';
import type { ChainWithModel } from './chain-with-model.ts';

/** Plays a query from the ask to the settlement with the contract's own rules, nodes telling the truth or not. */

export const INPUT = utf8('what was asked');
export const ANSWER = utf8('the answer, in three stages');

/** What a node does: reveals this result, reveals another salt than it committed to, or never reveals. */
export type Conduct = { readonly says: Uint8Array; readonly sketch?: readonly number[] } | 'mismatch' | 'absent';

export interface Play {
  /** By attempt, then by node; a node without conduct says {@link ANSWER}. */
  readonly conduct?: readonly (readonly (Conduct | undefined)[])[];
  readonly feeUnes?: bigint;
  readonly agent?: boolean;
  /** The ask names a URI instead of carrying the input. */
  readonly uri?: string;
}

export interface Work {
  readonly node: string;
  readonly attempt: number;
  readonly digest: Uint8Array;
  readonly result: Uint8Array;
  readonly receipts: readonly Uint8Array[];
}

export interface Played {
  readonly queryId: number;
  /** What each node computed, in every attempt. */
  readonly work: readonly Work[];
}

const STARTED_MS = 1_800_000_100_000;

/** Three signed receipts from the input to the result. */
const work = async (
  world: ChainWithModel,
  node: NodeSigner,
  query: { readonly queryHash: Uint8Array; readonly attempt: number },
  result: Uint8Array,
): Promise<Work> => {
  const roots = [rawDigest(INPUT), sha256(utf8('between 0 and 1')), sha256(utf8('between 1 and 2')), rawDigest(result)];
  const receipts = await Promise.all(
    world.manifest.stages.map(async ({ shard }, stage) => {
      const receipt: Receipt = {
        ...query,
        node: node.address,
        stage,
        stages: world.manifest.stages.length,
        shard: fromHex(shard),
        inRoot: roots[stage]!,
        outRoot: roots[stage + 1]!,
        runtimeClass: world.manifest.runtime.class,
        units: 1,
        startedMs: STARTED_MS + stage,
        endedMs: STARTED_MS + stage + 1,
      };
      return encodeSignedReceipt({ receipt, signature: await node.signReceipt(encodeReceipt(receipt)) });
    }),
  );
  return { node: node.address, attempt: query.attempt, digest: rawDigest(result), result, receipts };
};

export const playQuery = async (world: ChainWithModel, play: Play = {}): Promise<Played> => {
  const { operator, nodes, model } = world;
  const fee = play.feeUnes ?? 1_000n * BigInt(nodes.length);
  const msg = askMessage({
    model,
    inputHash: toHex(sha256(INPUT)),
    input: play.uri === undefined ? { inline: INPUT } : { uri: play.uri },
    seats: nodes.length,
    maxUnits: 1_000,
    ...(play.agent && { agent: operator.address }),
  });
  await world.send(operator, msg, String(fee));
  // Strangers' transactions in the same block: a proof has to find its own.
  await Promise.all(nodes.slice(0, 2).map((node) => world.send(node, { bond: {} }, '1')));
  const height = world.block();
  const { events } = await world.chain.block(height);
  const queryId = events.find(({ kind }) => kind === 'asked')?.queryId;
  if (queryId === undefined) throw new Error('the ask was refused');
  const done: Work[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    done.push(...(await playAttempt(world, queryId, attempt, play.conduct?.[attempt] ?? [])));
    if ((await world.chain.query(queryId))?.outcome) break;
  }
  world.block();
  return { queryId, work: done };
};

const playAttempt = async (
  world: ChainWithModel,
  queryId: number,
  attempt: number,
  conduct: readonly (Conduct | undefined)[],
): Promise<Work[]> => {
  const { chain, nodes, operator } = world;
  const ref = { chainId: chain.chainId, contract: chain.contract, queryId, attempt };
  const before = (await chain.query(queryId))!;
  const seed = fromHex(before.opening!.seed);
  const query = { queryHash: fromHex(before.queryHash), attempt };
  const members = await Promise.all(
    nodes.map(async (node, i) => {
      const how = conduct[i] ?? { says: ANSWER };
      const done = await work(world, node, query, typeof how === 'object' ? how.says : ANSWER);
      const root = receiptsRoot(done.receipts);
      const salt = await node.seal(saltMessage(ref));
      const sketch = (typeof how === 'object' ? how.sketch : undefined) ?? [];
      const hashed = {
        node: node.address,
        digest: done.digest,
        sketchHash: sketchHash(sketch),
        receiptsRoot: root,
        salt,
      };
      const round = await drawnIn(world, queryId, node, seed);
      return { node, how, done, sketch, root, salt, round, commitment: commitment(ref, hashed) };
    }),
  );
  for (const [i, { node, round, commitment: made }] of members.entries()) {
    await world.send(node, commitMessage(queryId, round.round, toHex(round.proof), toHex(made)));
    // All but the last in one block.
    if (i >= nodes.length - 2) world.block();
  }
  world.blocksUntil((await chain.query(queryId))!.opening!.commitClose);
  // Too early: a transaction that fails, in the same block as the reveals.
  await world.send(operator, settleMessage(queryId));
  for (const { node, how, done, sketch, root, salt } of members) {
    if (how === 'absent') continue;
    const shown = how === 'mismatch' ? sha256(salt) : salt;
    const reveal = { digest: toHex(done.digest), sketch, receiptsRoot: toHex(root), salt: toHex(shown) };
    await world.send(node, revealMessage(queryId, reveal));
  }
  world.block();
  const { opening } = (await chain.query(queryId))!;
  if (opening!.revealed < opening!.committed) world.blocksUntil(opening!.revealClose!);
  await world.send(operator, settleMessage(queryId));
  world.block();
  return members.map(({ done }) => done);
};

const drawnIn = async (world: ChainWithModel, queryId: number, node: NodeSigner, seed: Uint8Array) => {
  const { weight, totalWeight, seats } = await world.chain.draw(queryId, node.address);
  const { proof, beta } = await node.prove(alphaOf(seed, 0));
  if (!qualifies(beta, { weight, totalWeight, seats, round: 0 })) throw new Error('not drawn in round 0');
  return { round: 0, proof };
};
