import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type House, type HouseOptions, openHouse } from '../../infra/local/house.ts';
import { createSay } from '../../infra/local/say.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { askMessage } from '../../shared/chain/contract-messages.ts';
import { createLogger } from '../../shared/log.ts';
import type { QueryState } from '../../shared/protocol/state.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import { TxRow, txKey } from '../../shared/rows/transaction.ts';

const IMAGE = new URL('../../workers/inference/testdata/invoice.png', import.meta.url);

/** A whole devnet, quiet, in a new folder that goes away with the process. */
export const benchHouse = (options: Partial<HouseOptions> = {}): Promise<House> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
  return openHouse({
    chainKind: 'devchain',
    dataDir,
    apiPort: 0,
    rpcPort: 0,
    password: undefined,
    say: createSay(systemClock, () => undefined),
    log: createLogger({ clock: systemClock, sink: (line) => void process.stderr.write(`${line}\n`), level: 'error' }),
    ...options,
  });
};

/** Asks as the API does, from the deployment's own account. @returns the query's id once the ask is in a block */
export const ask = async ({ backend, chain, keystore, model }: House, name: string, seats: number): Promise<number> => {
  const inputHash = await backend.blobs.put(readFileSync(IMAGE));
  const intent = {
    txId: `ask/${name}`,
    signer: keystore.account('api').address,
    msg: askMessage({ model: model.model, inputHash, input: { uri: `quorate:${inputHash}` }, seats, maxUnits: 1_000 }),
    fundsUnes: String(BigInt(model.manifest.price) * BigInt(seats)),
    deadlineHeight: (await chain.head()).height + 1_000,
  };
  await backend.store.transact(planTransaction(intent, systemClock.nowMs()));
  for (;;) {
    const row = await backend.store.get(txKey(intent.txId));
    const tx = row && TxRow.parse(row.body);
    if (tx?.state === 'included' && tx.queryId !== undefined) return tx.queryId;
    if (tx && tx.state !== 'planned' && tx.state !== 'batched')
      throw new Error(`the ask failed: ${JSON.stringify(tx)}`);
    await systemClock.sleep(20);
  }
};

export const final = async ({ chain }: House, queryId: number): Promise<QueryState> => {
  for (;;) {
    const query = await chain.query(queryId);
    if (query?.outcome) return query;
    // Seldom: the reader must not be the load.
    await systemClock.sleep(500);
  }
};
