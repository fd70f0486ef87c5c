import { expect, test } from 'vitest';
import { understateGas } from './rpc/understate-gas.ts';
import { addressOf, autoBlock, DENOM, deployProbe, openChain, signingClient } from './testdata/harness.ts';

const coins = (amount: string) => [{ denom: DENOM, amount }];

test('a raised gas price is asked for at once, and what paid the old one is refused with code 13', async () => {
  const chain = await openChain();
  const client = await signingClient(chain, 1);
  const [from, to] = [await addressOf(1), await addressOf(2)];
  const send = (fee: string) => client.sendTokens(from, to, coins('1'), { amount: coins(fee), gas: '100000' });
  expect((await send('2500')).code).toBe(0);
  chain.setMinGasPrice('0.1');
  await expect(send('2500')).rejects.toThrow(/code 13/);
  expect((await send('10000')).code).toBe(0);
  await chain.close();
});

test('who believes an understated simulation runs out of gas, and what the message did is undone', async () => {
  const chain = await openChain();
  const from = await addressOf(1);
  const { contract } = await deployProbe(await signingClient(chain, 1), from);
  let lies = 1;
  const understated = understateGas(autoBlock(chain), () => (lies-- > 0 ? 0.6 : undefined));
  const client = await signingClient(chain, 1, understated);
  const set = () => client.execute(from, contract, { set: { key: 'long', value: 'v'.repeat(2_000) } }, 'auto');
  await expect(set()).rejects.toThrow(/out of gas/);
  expect(await client.queryContractSmart(contract, { get: { key: 'long' } })).toBeNull();
  await set();
  expect(await client.queryContractSmart(contract, { get: { key: 'long' } })).toHaveLength(2_000);
  await chain.close();
});
