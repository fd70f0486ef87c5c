import { readFileSync, writeFileSync } from 'node:fs';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { offlineSigner } from '../../shared/chain/offline-signer.ts';
import { createClient } from '../../shared/client/client.ts';
import { verifyReceipt } from '../../shared/client/receipt/verify.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import type { House } from './house.ts';
import { paths } from './node.ts';
import { amount, type Say, short } from './say.ts';
import { DEVNET } from './settings.ts';
import { tellStory } from './story.ts';

const IMAGE = new URL('../../workers/inference/testdata/invoice.png', import.meta.url);

export interface Asked {
  readonly queryId: number;
  readonly client: ReturnType<typeof createClient>;
}

/** Uploads the image and pays for the query from the asker's own wallet, as any user of the SDK does. */
export const ask = async (
  house: House,
  say: Say,
  { imagePath, seats }: { readonly imagePath: string | undefined; readonly seats: number },
): Promise<Asked> => {
  const image = readFileSync(imagePath ?? IMAGE);
  const client = createClient({
    apiUrl: house.apiUrl,
    rpcUrl: house.rpcUrls[0] ?? '',
    contract: house.chain.contract,
    denom: DEVNET.denom,
    gasPrice: DEVNET.gasPrice,
    signer: offlineSigner(house.keystore.account('asker')),
    clock: systemClock,
  });
  const { queryId, txHash, feeUnes } = await client.ask(image, { model: house.model.model, seats });
  say(
    'asked',
    `query ${queryId}: ${imagePath ?? 'invoice.png'} (${image.length} bytes), fee ${amount(feeUnes)}, tx ${short(txHash)}`,
  );
  return { queryId, client };
};

/** Tells the query's story to its end. */
export const follow = (house: House, say: Say, queryId: number, signal: AbortSignal): Promise<QueryState> =>
  tellStory(
    {
      store: house.backend.store,
      blobs: house.backend.blobs,
      chain: house.chain,
      clock: systemClock,
      say,
      nameOf: house.nameOf,
    },
    queryId,
    signal,
  );

/** Reads the answer, writes its receipt file and checks that offline. @returns the text */
export const showAnswer = async (
  house: House,
  say: Say,
  dataDir: string,
  { queryId, client }: Asked,
): Promise<string> => {
  const { settledHeight } = await client.wait(queryId);
  const { text } = await client.result(queryId);
  say('answer', text);
  // The header after the settlement commits to its outcome: one more block.
  while ((await house.chain.head()).height <= Number(settledHeight)) await systemClock.sleep(DEVNET.blockMs / 5);
  const file = await client.receipt(queryId);
  const path = paths(dataDir).receipt(queryId);
  writeFileSync(path, file);
  say('receipt', `${path} (${(file.length / 1024).toFixed(1)} kB)`);
  // The reader takes this hash from a node that it trusts, never from the file.
  const { blockId } = await house.comet.block(verifyReceipt(file).anchor.height);
  const trustedHeaderHash = Buffer.from(blockId.hash).toString('hex').toUpperCase();
  const startedMs = performance.now();
  const verified = verifyReceipt(file, { trustedHeaderHash });
  const tookMs = (performance.now() - startedMs).toFixed(0);
  say(
    'verified',
    `offline in ${tookMs} ms: ${verified.checks.length} kinds of checks, anchored in header ${short(trustedHeaderHash)}`,
  );
  return text;
};
