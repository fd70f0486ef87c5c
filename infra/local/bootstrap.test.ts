import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { afterEach, expect, it } from 'vitest';
import { GENESIS_MS, mined, openTestChain, testSigner, WASM } from '../../test/test-chain.ts';
import { type Devchain, inProcessClient } from '../chain/devchain/index.ts';
import { deployContract } from './bootstrap.ts';

let chain: Devchain;
afterEach(() => chain.close());

it('finds the contract again that it deployed, and rejects a chain that holds the code of another release', async () => {
  const operator = testSigner('operator');
  chain = openTestChain(':memory:', 'bootstrap-1', [operator]);
  let timeMs = GENESIS_MS;
  const block = (): void => {
    timeMs += 1_000;
    chain.produceBlock(timeMs);
  };
  block();
  const comet = Comet38Client.create(inProcessClient(chain.rpc.handle));
  const deploy = (wasm: Uint8Array): Promise<string> => mined(chain, block, deployContract(comet, operator, wasm));
  const first = await deploy(WASM);
  expect(await deploy(WASM)).toBe(first);
  // A custom section that nobody reads, as another build would have.
  const other = Uint8Array.from([...WASM, 0, 6, 4, ...Buffer.from('next'), 1]);
  await expect(deploy(other)).rejects.toMatchObject({ code: 'other-release', next: expect.stringContaining('--data') });
});
