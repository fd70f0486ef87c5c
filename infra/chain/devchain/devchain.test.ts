import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { headerHash } from './comet/header.ts';
import { inProcessClient, openFaucet } from './index.ts';
import { BlockStore } from './state/block-store.ts';
import {
  addressOf,
  autoBlock,
  DENOM,
  deployProbe,
  GENESIS_MS,
  openChain,
  signingClient,
  wallet,
} from './testdata/harness.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'devchain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const FEE = { amount: [{ denom: DENOM, amount: '7500' }], gas: '300000' };

describe('a chain in a file', () => {
  test('goes on after a restart with its state, height and id', async () => {
    const path = join(folder, 'chain.sqlite');
    const sender = await addressOf(1);
    const first = await openChain({ path });
    const client = await signingClient(first, 1);
    const { contract } = await deployProbe(client, sender);
    const { transactionHash } = await client.execute(sender, contract, { set: { key: 'k', value: 'kept' } }, FEE);
    const head = first.head();
    await first.close();

    const second = await openChain({ path });
    expect(second.head()).toEqual(head);
    const again = await signingClient(second, 1);
    expect(await again.queryContractSmart(contract, { get: { key: 'k' } })).toBe('kept');
    expect((await again.getTx(transactionHash))?.height).toBe(head?.height);
    expect(second.produceBlock(0).timeMs).toBe((head?.timeMs ?? 0) + 1);
    expect(second.head()?.height).toBe((head?.height ?? 0) + 1);
    await again.execute(sender, contract, { set: { key: 'k', value: 'changed' } }, FEE);
    await second.close();
    await expect(openChain({ path, chainId: 'another' })).rejects.toThrow('holds chain devchain-test, not another');
  });

  test('two chains fed the same make the same blocks', async () => {
    const sender = await addressOf(1);
    const hashes: (string | undefined)[] = [];
    for (let run = 0; run < 2; run++) {
      const chain = await openChain();
      const client = await signingClient(chain, 1);
      const { contract } = await deployProbe(client, sender);
      await client.execute(sender, contract, { set: { key: 'k', value: 'v' } }, FEE);
      chain.produceBlock(GENESIS_MS + 100_000);
      hashes.push(chain.head()?.hash);
      await chain.close();
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('killed at any moment, it holds whole blocks that chain up', async () => {
    const path = join(folder, 'killed.sqlite');
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [new URL('./testdata/busy-chain.ts', import.meta.url).pathname, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let announced = 0;
      try {
        for await (const line of createInterface({ input: child.stdout })) {
          announced = Number(line);
          if (announced > round * 10 && announced % 7 === 5) break;
        }
      } finally {
        child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const height = verifyFile(path);
      expect(height).toBeGreaterThanOrEqual(announced);
    }
  });
});

/** Checks every block of a file against the one before and the state against the last; returns the height. */
function verifyFile(path: string): number {
  const database = new DatabaseSync(path);
  expect(database.prepare('PRAGMA integrity_check').get()?.integrity_check).toBe('ok');
  const blocks = new BlockStore(database);
  const height = blocks.latest()?.height ?? 0;
  for (let h = 1; h <= height; h++) {
    const block = blocks.at(h);
    expect(block?.header && headerHash(block.header)).toEqual(block?.blockId.hash);
    expect(blocks.txsOf(h)).toHaveLength(block?.txCount ?? -1);
    if (h > 1) expect(block?.header.lastBlockId).toEqual(blocks.at(h - 1)?.blockId);
    if (h > 1) expect(block?.header.appHash).toEqual(blocks.at(h - 1)?.appHash);
  }
  const included = database.prepare('SELECT COUNT(*) AS n FROM txs').get()?.n;
  const undone = database.prepare('SELECT MAX(height) AS h FROM state_undo').get()?.h;
  expect(Number(undone)).toBeLessThanOrEqual(height);
  expect(Number(included)).toBe(database.prepare('SELECT COUNT(*) AS n FROM tx_index').get()?.n);
  database.close();
  return height;
}

describe('the faucet', () => {
  test('gives from a funded account, within its limit, one after the other', async () => {
    const chain = await openChain();
    const faucet = await openFaucet({
      signer: await wallet(2),
      comet: Comet38Client.create(inProcessClient(autoBlock(chain))),
      denom: DENOM,
      gasPrice: '0.025',
      maxAmountPerRequest: 500n,
      pollIntervalMs: 1,
    });
    const to = await addressOf(50);
    await Promise.all([faucet.give(to, 500n), faucet.give(to, 1n)]);
    const client = await signingClient(chain, 1);
    expect((await client.getBalance(to, DENOM)).amount).toBe('501');
    await expect(faucet.give(to, 501n)).rejects.toMatchObject({ code: 'faucet-limit', family: 'bad-input' });
    await expect(faucet.give('cosmos1xyz', 1n)).rejects.toMatchObject({ code: 'faucet-address' });
    const poor = await openFaucet({
      signer: await wallet(51),
      comet: Comet38Client.create(inProcessClient(autoBlock(chain))),
      denom: DENOM,
      gasPrice: '0.025',
      maxAmountPerRequest: 500n,
    });
    await expect(poor.give(to, 1n)).rejects.toMatchObject({ code: 'faucet-failed', family: 'transient' });
    await chain.close();
  });
});

test('a listener hears every block until it stops', async () => {
  const chain = await openChain();
  const heard: number[] = [];
  const stop = chain.onBlock(({ height }) => heard.push(height));
  chain.produceBlock(GENESIS_MS + 1);
  stop();
  chain.produceBlock(GENESIS_MS + 2);
  expect(heard).toEqual([2]);
  await chain.close();
});
