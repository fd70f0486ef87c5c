import { expect, it } from 'vitest';
import { DEVNET } from '../../infra/local/settings.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { createClient } from '../../shared/client/client.ts';
import { verifyReceipt } from '../../shared/client/receipt/verify.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { ask, benchHouse, final } from '../bench/bench-house.ts';

it('one account sends for all nodes by their grants: fewer transactions, the same answer, a receipt that holds', async () => {
  const house = await benchHouse({ sharedLane: true, terms: { gatherMs: 400 } });
  try {
    const queryId = await ask(house, 'shared', DEVNET.nodes);
    const { outcome, askedHeight } = await final(house, queryId);
    expect(outcome).toMatchObject({ kind: 'verified', digest: house.model.manifest.knownAnswer.digest });
    const { rpcUrls, apiUrl, chain, comet, keystore } = house;
    const { txs } = await comet.txSearchAll({ query: `tx.height > ${askedHeight}` });
    const sent = await Promise.all(txs.map(({ hash }) => chain.transaction(toHex(hash).toUpperCase())));
    const about = sent.flatMap((tx) => (tx?.messages.some((message) => message.queryId === queryId) ? [tx] : []));
    const senders = new Set(about.flatMap(({ messages }) => messages.map(({ sender }) => sender)));
    // Nodes are the senders that the contract sees; the operator's account pays, for several of them at once.
    expect(senders.size).toBe(outcome?.committed);
    expect(new Set(about.map(({ feePayer }) => feePayer))).toEqual(new Set([keystore.account('operator').address]));
    expect(about.length).toBeLessThan(2 * (outcome?.committed ?? 0));

    const { denom, gasPrice } = DEVNET;
    const client = createClient({
      apiUrl,
      rpcUrl: rpcUrls[0] ?? '',
      contract: chain.contract,
      denom,
      gasPrice,
      clock: systemClock,
    });
    while ((await chain.head()).height <= (outcome?.height ?? 0)) await new Promise(setImmediate);
    const file = await client.receipt(queryId);
    const { blockId } = await comet.block(verifyReceipt(file).anchor.height);
    const verified = verifyReceipt(file, { trustedHeaderHash: toHex(blockId.hash).toUpperCase() });
    expect(verified.committee.map(({ outcome: of }) => of)).toEqual(Array(outcome?.committed).fill('majority'));
    expect((await client.money(queryId)).sumUnes).toBe(0n);
  } finally {
    await house.stop();
  }
});
