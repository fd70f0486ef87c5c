import { decodeTxRaw } from '@cosmjs/proto-signing';
import type { Comet38Client } from '@cosmjs/tendermint-rpc';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { commitMessage, revealMessage } from '../../../shared/chain/contract-messages.ts';
import type { Chain } from '../../../shared/ports/chain.ts';
import type { Clock } from '../../../shared/ports/clock.ts';
import type { NodeSigner } from '../../../shared/ports/signer.ts';
import { commitment, saltMessage, sketchHash } from '../../../shared/protocol/commitment.ts';
import { rawDigest } from '../../../shared/protocol/digest.ts';
import { fromBase64, fromHex, toHex, utf8 } from '../../../shared/protocol/encoding.ts';
import { phaseAt } from '../../../shared/protocol/phase.ts';
import { alphaOf, qualifies } from '../../../shared/protocol/sortition.ts';
import type { QueryState } from '../../../shared/protocol/state.ts';

/** A node whose operator runs code of his own instead of ours. */

export type Cheat = 'copy-commit' | 'wrong-result' | 'late-reveal' | 'no-reveal';

export interface RogueDeps {
  readonly chain: Chain;
  readonly comet: Comet38Client;
  readonly signer: NodeSigner;
  readonly clock: Clock;
  /** Executes the contract as the rogue and waits for the block. */
  readonly execute: (msg: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly say: (line: string) => void;
}

const POLL_MS = 50;

/** Plays one query through, cheating; ends when its reveal window is over for the rogue. */
export const cheatOnce = async (deps: RogueDeps, cheat: Cheat, queryId: number, signal: AbortSignal): Promise<void> => {
  const { chain, signer, say } = deps;
  const opened = await until(deps, queryId, signal, (q) => phaseAt(q, 0) === 'commit');
  const { seed, weight, totalWeight, seats } = await chain.draw(queryId, signer.address);
  const { proof, beta } = await signer.prove(alphaOf(fromHex(seed), 0));
  if (!qualifies(beta, { weight, totalWeight, seats, round: 0 })) {
    throw new RangeError('the rogue was not drawn: ask for as many seats as there are nodes');
  }
  const attempt = { chainId: chain.chainId, contract: chain.contract, queryId, attempt: opened.attempt };
  const lie = rawDigest(utf8('Total due: 0.00 EUR'));
  const receiptsRoot = rawDigest(utf8('no receipts'));
  const salt = await signer.seal(saltMessage(attempt));
  const own = commitment(attempt, {
    node: signer.address,
    digest: lie,
    sketchHash: sketchHash([]),
    receiptsRoot,
    salt,
  });
  const hidden = cheat === 'copy-commit' ? await othersCommitment(deps, queryId, opened.attempt, signal) : toHex(own);
  await deps.execute(commitMessage(queryId, 0, toHex(proof), hidden));
  say(
    cheat === 'copy-commit' ? `copied the commitment ${hidden.slice(0, 16)}...` : 'committed without running the model',
  );
  if (cheat === 'no-reveal') {
    say('will never reveal');
    return;
  }
  if (cheat === 'late-reveal') {
    await until(deps, queryId, signal, (q, height) => (q.opening?.revealClose ?? Number.MAX_SAFE_INTEGER) <= height);
  } else await until(deps, queryId, signal, (q, height) => phaseAt(q, height + 1) === 'reveal');
  const reveal =
    cheat === 'copy-commit'
      ? await othersReveal(deps, queryId, signal)
      : { digest: toHex(lie), sketch: [], receiptsRoot: toHex(receiptsRoot), salt: toHex(salt) };
  await deps.execute(revealMessage(queryId, reveal)).catch((error: unknown) => {
    say(`the reveal was refused: ${error instanceof Error ? error.message.slice(0, 160) : String(error)}`);
  });
};

const until = async (
  { chain, clock }: RogueDeps,
  queryId: number,
  signal: AbortSignal,
  holds: (query: QueryState, height: number) => boolean,
): Promise<QueryState> => {
  for (;;) {
    const { height } = await chain.head();
    const query = await chain.query(queryId);
    if (query && holds(query, height)) return query;
    await clock.sleep(POLL_MS, signal);
  }
};

const othersCommitment = async (
  { chain, clock, signer }: RogueDeps,
  queryId: number,
  attempt: number,
  signal: AbortSignal,
): Promise<string> => {
  for (;;) {
    const other = (await chain.seats(queryId, attempt)).find((seat) => seat.node !== signer.address);
    if (other) return other.commitment;
    await clock.sleep(POLL_MS, signal);
  }
};

/** The first reveal in a block, read from its transaction: digest, receipts root and salt are public then. */
const othersReveal = async ({ chain, comet, clock }: RogueDeps, queryId: number, signal: AbortSignal) => {
  const { height: start } = await chain.head();
  for (let height = start; ; height++) {
    while ((await chain.head()).height < height) await clock.sleep(POLL_MS, signal);
    const { block } = await comet.block(height);
    for (const tx of block.txs) {
      for (const { typeUrl, value } of decodeTxRaw(tx).body.messages) {
        if (typeUrl !== '/cosmwasm.wasm.v1.MsgExecuteContract') continue;
        const { reveal } = JSON.parse(new TextDecoder().decode(MsgExecuteContract.decode(value).msg));
        if (reveal?.query_id !== queryId) continue;
        const hex = (text: string): string => toHex(fromBase64(text));
        return {
          digest: hex(reveal.digest),
          sketch: [],
          receiptsRoot: hex(reveal.receipts_root),
          salt: hex(reveal.salt),
        };
      }
    }
  }
};
