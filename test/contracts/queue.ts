import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import type { OutgoingMessage, Queue, ReceivedMessage } from '../../shared/ports/queue.ts';
import type { OpenQueue, QueueFixture } from './fixtures.ts';
import { queueModelContract } from './queue-model.ts';

const STANDARD = 'advance-run' satisfies QueueName;
const FIFO = 'send-transaction' satisfies QueueName;

const message = (id: string, group = 'g', delayMs?: number): OutgoingMessage => ({
  id,
  group,
  body: JSON.stringify({ id }),
  ...(delayMs === undefined ? {} : { delayMs }),
});

const idsOf = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ id }) => id);

/** The promises of {@link Queue}, for any adapter. */
export const queueContract = (name: string, open: OpenQueue): void => {
  describe(`queue contract: ${name}`, () => {
    let fixture: QueueFixture;
    let queue: Queue;
    beforeEach(async () => {
      fixture = await open();
      queue = fixture.queue;
    });
    afterEach(() => fixture.close());

    const takeOne = async (from: QueueName): Promise<ReceivedMessage> => {
      const [first] = await queue.receive(from, 1);
      if (!first) throw new Error(`nothing to receive from ${from}`);
      return first;
    };
    /** Receives without acking until the message is among the dead letters. */
    const exhaust = async (from: QueueName): Promise<void> => {
      for (let receive = 0; receive <= QUEUES[from].maxReceives; receive += 1) {
        await queue.receive(from, 10);
        await fixture.advance(QUEUES[from].visibilityMs);
      }
    };

    it('delivers what was sent, once while it is in flight, and deletes it when acked', async () => {
      await queue.send(STANDARD, [message('a')]);
      const got = await takeOne(STANDARD);
      expect(got).toMatchObject({ id: 'a', group: 'g', body: '{"id":"a"}', receiveCount: 1 });
      expect(await fixture.another.receive(STANDARD, 10)).toEqual([]);
      expect(await queue.depth(STANDARD)).toEqual({ visible: 0, inFlight: 1, delayed: 0, dead: 0 });
      await fixture.another.ack(STANDARD, got.receipt);
      await fixture.advance(QUEUES[STANDARD].visibilityMs * 2);
      expect(await queue.receive(STANDARD, 10)).toEqual([]);
    });

    it('keeps queues apart', async () => {
      await queue.send(STANDARD, [message('a')]);
      expect(await queue.receive('start-job', 10)).toEqual([]);
      const got = await takeOne(STANDARD);
      await queue.ack('start-job', got.receipt);
      expect((await queue.depth(STANDARD)).inFlight).toBe(1);
    });

    it('delivers a repeated id again, also after an ack', async () => {
      await queue.send(FIFO, [message('a')]);
      await queue.ack(FIFO, (await takeOne(FIFO)).receipt);
      await queue.send(FIFO, [message('a')]);
      expect(idsOf(await queue.receive(FIFO, 10))).toEqual(['a']);
    });

    it('gives at most ten messages at a time', async () => {
      await queue.send(
        STANDARD,
        Array.from({ length: 12 }, (_, i) => message(`m${i}`)),
      );
      expect((await queue.receive(STANDARD, 100)).length).toBeLessThanOrEqual(10);
      await expect(queue.receive(STANDARD, 0)).rejects.toMatchObject({ family: 'bad-input' });
    });

    it('hands a message to another when its consumer outlives the visibility time-out; then the old receipt is stale', async () => {
      await queue.send(STANDARD, [message('a')]);
      const slow = await takeOne(STANDARD);
      await fixture.advance(QUEUES[STANDARD].visibilityMs - 1);
      expect(await queue.receive(STANDARD, 1)).toEqual([]);
      await fixture.advance(1);
      const again = await takeOne(STANDARD);
      expect(again).toMatchObject({ id: 'a', receiveCount: 2, sentAtMs: slow.sentAtMs });
      expect(again.receipt).not.toBe(slow.receipt);
      await queue.ack(STANDARD, slow.receipt);
      await queue.retry(STANDARD, slow.receipt, 0);
      expect(await queue.receive(STANDARD, 1)).toEqual([]);
      expect((await queue.depth(STANDARD)).inFlight).toBe(1);
      await queue.ack(STANDARD, again.receipt);
      expect(await queue.depth(STANDARD)).toEqual({ visible: 0, inFlight: 0, delayed: 0, dead: 0 });
    });

    it('ignores receipts that it never gave', async () => {
      await queue.send(STANDARD, [message('a')]);
      for (const receipt of ['', 'nonsense', `1-${'0'.repeat(32)}`]) {
        await queue.ack(STANDARD, receipt);
        await queue.retry(STANDARD, receipt, 0);
      }
      expect((await queue.depth(STANDARD)).visible).toBe(1);
    });

    it('makes a retried message wait, and counts the receives', async () => {
      await queue.send(STANDARD, [message('a')]);
      await queue.retry(STANDARD, (await takeOne(STANDARD)).receipt, 5_000);
      const depth = await queue.depth(STANDARD);
      expect([depth.visible, depth.inFlight + depth.delayed]).toEqual([0, 1]);
      await fixture.advance(4_999);
      expect(await queue.receive(STANDARD, 1)).toEqual([]);
      await fixture.advance(1);
      expect(await takeOne(STANDARD)).toMatchObject({ id: 'a', receiveCount: 2 });
    });

    it('hides a delayed message until its time', async () => {
      await queue.send(STANDARD, [message('later', 'g', 3_000), message('now')]);
      expect(await queue.depth(STANDARD)).toEqual({ visible: 1, inFlight: 0, delayed: 1, dead: 0 });
      expect(idsOf(await queue.receive(STANDARD, 10))).toEqual(['now']);
      await fixture.advance(3_000);
      expect(idsOf(await queue.receive(STANDARD, 10))).toEqual(['later']);
    });

    it('moves a message to the dead letters after its last receive, and redrives it as a new one', async () => {
      await queue.send(STANDARD, [message('poison')]);
      const first = await takeOne(STANDARD);
      await exhaust(STANDARD);
      expect(await queue.depth(STANDARD)).toEqual({ visible: 0, inFlight: 0, delayed: 0, dead: 1 });
      const [dead] = await queue.deadLetters(STANDARD, 10);
      expect(dead).toMatchObject({ id: 'poison', body: '{"id":"poison"}' });
      expect(dead?.receiveCount).toBeGreaterThanOrEqual(QUEUES[STANDARD].maxReceives);
      await queue.ack(STANDARD, first.receipt);
      expect(await queue.redrive(STANDARD)).toBe(1);
      expect(await queue.redrive(STANDARD)).toBe(0);
      const again = await takeOne(STANDARD);
      expect(again).toMatchObject({ id: 'poison', receiveCount: 1 });
      await queue.ack(STANDARD, first.receipt);
      expect((await queue.depth(STANDARD)).inFlight).toBe(1);
      await queue.ack(STANDARD, again.receipt);
      expect(await queue.depth(STANDARD)).toEqual({ visible: 0, inFlight: 0, delayed: 0, dead: 0 });
    });

    it('delivers exactly the number of times that the queue allows', async () => {
      await queue.send(STANDARD, [message('a')]);
      const counts: number[] = [];
      for (let round = 0; round < QUEUES[STANDARD].maxReceives + 3; round += 1) {
        for (const got of await queue.receive(STANDARD, 10)) {
          counts.push(got.receiveCount);
          await queue.retry(STANDARD, got.receipt, 0);
        }
      }
      expect(counts).toEqual(Array.from({ length: QUEUES[STANDARD].maxReceives }, (_, i) => i + 1));
    });

    it('gives each group its turn, so that a noisy one starves nobody', async () => {
      await queue.send(
        STANDARD,
        Array.from({ length: 200 }, (_, i) => message(`noisy-${i}`, 'noisy')),
      );
      await queue.send(STANDARD, [message('q1', 'quiet'), message('q2', 'quiet'), message('z1', 'zen')]);
      const firstTen: string[] = [];
      for (let receive = 0; receive < 10; receive += 1) firstTen.push(...idsOf(await queue.receive(STANDARD, 1)));
      expect(firstTen).toEqual(expect.arrayContaining(['q1', 'q2', 'z1']));
    });

    it('delivers a FIFO group in order, the next only when the one before is done', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('a2', 'a'), message('b1', 'b')]);
      const got = await queue.receive(FIFO, 10);
      expect(idsOf(got).toSorted()).toEqual(['a1', 'b1']);
      expect(await fixture.another.receive(FIFO, 10)).toEqual([]);
      for (const { receipt } of got) await queue.ack(FIFO, receipt);
      expect(idsOf(await queue.receive(FIFO, 10))).toEqual(['a2']);
    });

    it('holds a FIFO group back behind a failing message, and no other group', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('a2', 'a'), message('b1', 'b'), message('b2', 'b')]);
      const seen: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        for (const got of await queue.receive(FIFO, 10)) {
          seen.push(got.id);
          if (got.id === 'a1') await queue.retry(FIFO, got.receipt, 1_000);
          else await queue.ack(FIFO, got.receipt);
        }
      }
      expect(seen.toSorted()).toEqual(['a1', 'b1', 'b2']);
      await fixture.advance(1_000);
      expect(idsOf(await queue.receive(FIFO, 10))).toEqual(['a1']);
    });

    it('lets a FIFO group go on when its first message has died, and redrives that one behind the rest', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('a2', 'a'), message('a3', 'a')]);
      for (let receive = 0; receive < QUEUES[FIFO].maxReceives; receive += 1) {
        expect(idsOf(await queue.receive(FIFO, 10))).toEqual(['a1']);
        await fixture.advance(QUEUES[FIFO].visibilityMs);
      }
      const next = await takeOne(FIFO);
      expect(next.id).toBe('a2');
      expect((await queue.depth(FIFO)).dead).toBe(1);
      expect(await queue.redrive(FIFO)).toBe(1);
      await queue.ack(FIFO, next.receipt);
      const third = await takeOne(FIFO);
      await queue.ack(FIFO, third.receipt);
      expect([third.id, (await takeOne(FIFO)).id]).toEqual(['a3', 'a1']);
    });

    it('rejects messages over the limits, and then sends none of the call', async () => {
      const refused: [string, QueueName, OutgoingMessage][] = [
        ['message-too-large', STANDARD, { ...message('big'), body: 'ü'.repeat(128 * 1024 + 1) }],
        ['bad-message', STANDARD, { ...message('a'), group: '' }],
        ['bad-delay', STANDARD, message('a', 'g', 15 * 60_000 + 1)],
        ['bad-delay', FIFO, message('a', 'g', 1)],
      ];
      for (const [code, to, bad] of refused) {
        await expect(queue.send(to, [message('fine'), bad])).rejects.toMatchObject({ family: 'bad-input', code });
        expect((await queue.depth(to)).visible).toBe(0);
      }
      await queue.send(STANDARD, [{ ...message('full'), body: 'x'.repeat(256 * 1024) }]);
      expect((await takeOne(STANDARD)).body).toHaveLength(256 * 1024);
    });

    queueModelContract(open, STANDARD);
    queueModelContract(open, FIFO);
  });
};
