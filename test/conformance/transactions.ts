import { QueryClient, setupBankExtension } from '@cosmjs/stargate';
import { expect, it } from 'vitest';
import type { ChainUnderTest } from './chain-under-test.ts';
import { PROBE } from './probe-script.ts';
import { call } from './rpc-shapes.ts';
import { attribute, type Delivered, Sender } from './sender.ts';

const balance = async (sender: Sender): Promise<bigint> => {
  const client = QueryClient.withExtensions(sender.comet, setupBankExtension);
  return BigInt((await client.bank.balance(sender.address, sender.chain.denom)).amount);
};

const probeOf = async (sender: Sender): Promise<string> => {
  const uploaded = await sender.deliver([sender.upload(PROBE)], { gas: 5_000_000 });
  const codeId = Number(attribute(uploaded, 'store_code', 'code_id'));
  return attribute(
    await sender.deliver([sender.instantiate(codeId, { label: 'x' }, 'x')]),
    'instantiate',
    '_contract_address',
  );
};

const hasEventOf = (tx: Delivered, contract: string): boolean =>
  tx.result.events.some(({ attributes }) => attributes.some(({ value }) => value === contract));

/** Sequences, fees and what a failure leaves behind. */
export const transactionSuite = (get: () => ChainUnderTest): void => {
  it('takes several transactions of one account into one block, in the order of their sequences', async () => {
    const sender = new Sender(get(), 'other');
    for (;;) {
      const { sequence } = await sender.account();
      const to = get().signer('bob').address;
      const signed = await Promise.all(
        [0, 1, 2].map((i) => sender.sign([sender.send(to, '1')], { sequence: sequence + i, memo: `${i}` })),
      );
      await sender.nextBlock();
      const answers = [];
      for (const bytes of signed) answers.push(await sender.broadcast(bytes));
      expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
      const txs = await Promise.all(answers.map(({ hash }) => sender.included(hash)));
      expect(txs.map(({ result }) => result.code)).toEqual([0, 0, 0]);
      expect((await sender.account()).sequence).toBe(sequence + 3);
      if (new Set(txs.map(({ height }) => height)).size > 1) continue;
      expect(txs.map(({ index }) => index)).toEqual([0, 1, 2]);
      return;
    }
  });

  it('keeps fee and sequence of a failing transaction, and nothing else of it', async () => {
    const sender = new Sender(get(), 'port');
    const probe = await probeOf(sender);
    const [before, account] = [await balance(sender), await sender.account()];
    const failed = await sender.deliver(
      [
        sender.execute(probe, { emit: { query_id: '1' } }, '7'),
        sender.execute(probe, { set_then_fail: { key: 'k', value: 'v' } }),
      ],
      { fee: '30000' },
    );
    expect(failed.result).toMatchObject({ code: 5, codespace: 'wasm' });
    expect(hasEventOf(failed, probe)).toBe(false);
    expect(failed.result.data ?? new Uint8Array(0)).toHaveLength(0);
    expect(before - (await balance(sender))).toBe(30_000n);
    expect((await sender.account()).sequence).toBe(account.sequence + 1);
    // The index of events does not know it; its hash does.
    const { txs } = await sender.comet.txSearch({ query: `execute._contract_address='${probe}'` });
    expect(txs.map(({ hash }) => Buffer.from(hash).toString('hex').toUpperCase())).not.toContain(failed.id);
  });

  it('runs out of gas with code 11, the fee gone and the work undone', async () => {
    const sender = new Sender(get(), 'gas');
    const probe = await probeOf(sender);
    const before = await balance(sender);
    const big = { set: { key: 'big', value: 'x'.repeat(20_000) } };
    const tx = await sender.deliver([sender.execute(probe, big)], { gas: 350_000, fee: '8750' });
    expect(tx.result).toMatchObject({ code: 11, codespace: 'sdk' });
    expect(tx.result.log).toMatch(/^out of gas in location: .+; gasWanted: 350000, gasUsed: \d+: out of gas$/);
    expect(before - (await balance(sender))).toBe(8_750n);
    expect(hasEventOf(tx, probe)).toBe(false);
  });

  it('holds a transaction to its timeout height: included by then, or never', async () => {
    const sender = new Sender(get(), 'gas');
    const height = await sender.height();
    const to = get().signer('bob').address;
    const { hash, code } = await sender.broadcast(
      await sender.sign([sender.send(to, '1')], { timeoutHeight: height + 3 }),
    );
    expect(code).toBe(0);
    expect((await sender.included(hash)).height).toBeLessThanOrEqual(height + 3);
  });

  it('does not take a body that is larger than any transaction', async () => {
    const params = { tx: Buffer.alloc(1_048_577).toString('base64') };
    // By status or by closing the connection, but never with an answer of the method.
    const answer = await call(get().rpcUrl, 'broadcast_tx_sync', params).catch(() => ({}));
    expect(answer).not.toHaveProperty('result');
  });
};
