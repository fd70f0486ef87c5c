import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Chain } from '../../shared/ports/chain.ts';

export interface ChainFixture {
  /** Connected to a contract that has one model, two nodes that serve it, and one query asked and open. */
  readonly chain: Chain;
  readonly model: string;
  readonly nodes: readonly string[];
  readonly queryId: number;
  readonly askHash: string;
  /** A valid transaction of an account with sequence `at`, and its hash. */
  signed(at: 'now' | 'too-low'): Promise<{ bytes: Uint8Array; hash: string }>;
  /** Lets the chain make at least one block. */
  block(): Promise<void>;
  close(): Promise<void>;
}

/** The promises of {@link Chain}, for any adapter and any node behind it. */
export const chainContract = (name: string, open: () => Promise<ChainFixture>): void => {
  describe(`chain contract: ${name}`, () => {
    let f: ChainFixture;
    beforeAll(async () => {
      f = await open();
    });
    afterAll(() => f.close());

    it('links each block to the one before it', async () => {
      const { height } = await f.chain.head();
      const [parent, child] = await Promise.all([f.chain.block(height - 1), f.chain.block(height)]);
      expect(child.parentHash).toBe(parent.hash);
      expect(child.hash).toMatch(/^[0-9A-F]{64}$/);
    });

    it('gives the same events with the same ids at each reading, and by transaction', async () => {
      const ask = await f.chain.transaction(f.askHash);
      const height = ask?.height ?? expect.fail('the ask is not found');
      const block = await f.chain.block(height);
      const query = await f.chain.query(f.queryId);
      expect(await f.chain.block(height)).toEqual(block);
      const kinds = block.events.filter(({ queryId }) => queryId === f.queryId).map(({ kind }) => kind);
      expect(kinds).toEqual(expect.arrayContaining(['asked', 'opened']));
      expect(ask?.events.map(({ id }) => id)).toEqual(block.events.map(({ id }) => id));
      expect(new Set(block.events.map(({ id }) => id)).size).toBe(block.events.length);
      expect(ask?.messages).toEqual([{ sender: query?.asker, call: 'ask', queryId: f.queryId }]);
      expect(ask?.feePayer).toBe(query?.asker);
    });

    it('reads queries, seats, draws, nodes, models and totals of the contract', async () => {
      const query = await f.chain.query(f.queryId);
      expect(query).toMatchObject({ id: f.queryId, model: f.model, phase: 'commit', attempt: 0 });
      expect((await f.chain.live(undefined, 10)).map(({ id }) => id)).toEqual([f.queryId]);
      expect(await f.chain.seats(f.queryId, 0)).toEqual([]);
      const [node = ''] = f.nodes;
      expect(await f.chain.draw(f.queryId, node)).toMatchObject({ attempt: 0, round: 0, seats: query?.seats });
      expect((await f.chain.node(node))?.models).toEqual([f.model]);
      expect((await f.chain.nodes(undefined, 10)).map(({ address }) => address).sort()).toEqual([...f.nodes].sort());
      expect((await f.chain.models(undefined, 10)).map(({ id }) => id)).toEqual([f.model]);
      const totals = await f.chain.totals();
      expect(await f.chain.params()).toMatchObject({ maxSeats: 11, minBondUnes: 100_000n, slashPpm: 50_000 });
      const sum = totals.bondsUnes + totals.feesUnes + totals.poolUnes + totals.sessionsUnes;
      expect(sum).toBe(await f.chain.balanceUnes(f.chain.contract));
    });

    it('answers undefined, not an error, for what is not there', async () => {
      const stranger = f.chain.contract;
      expect(await f.chain.query(999)).toBeUndefined();
      expect(await f.chain.node(stranger)).toBeUndefined();
      expect(await f.chain.model('ab'.repeat(32))).toBeUndefined();
      expect(await f.chain.transaction('A'.repeat(64))).toBeUndefined();
    });

    it('fails with rpc-unavailable for a height that is not there yet', async () => {
      const { height } = await f.chain.head();
      await expect(f.chain.block(height + 1_000)).rejects.toMatchObject({
        code: 'rpc-unavailable',
        family: 'transient',
      });
    });

    it('accepts a transaction, also twice, and finds it by hash once it is in a block', async () => {
      const { bytes, hash } = await f.signed('now');
      expect(await f.chain.broadcast(bytes)).toMatchObject({ code: 0 });
      expect(await f.chain.broadcast(bytes)).toMatchObject({ code: 19, codespace: 'sdk' });
      expect(await f.chain.transaction(hash)).toBeUndefined();
      await f.block();
      expect(await f.chain.transaction(hash)).toMatchObject({ code: 0 });
    });

    it('answers code 32 for a sequence that is used', async () => {
      const { bytes } = await f.signed('too-low');
      expect(await f.chain.broadcast(bytes)).toMatchObject({ code: 32, codespace: 'sdk' });
    });
  });
};
