import { setTimeout as realTime } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QueueName } from '../../shared/messages/queues.ts';
import type { OutgoingMessage, Queue, ReceivedMessage } from '../../shared/ports/queue.ts';
import type { OpenQueue, QueueFixture } from './fixtures.ts';
import { queueModelContract } from './queue-model.ts';

const STANDARD = 'advance-run' satisfies QueueName;
const FIFO = 'send-transaction' satisfies QueueName;
/** Beyond all time-outs of a fixture: only a broker that does not keep its promise is waited for so long. */
const PATIENCE_MS = 30_000;

const message = (id: string, group = 'g', delayMs?: number): OutgoingMessage => ({
  id,
  group,
  body: JSON.stringify({ id }),
  ...(delayMs === undefined ? {} : { delayMs }),
});

const idsOf = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ id }) => id);

/** The promises of {@link Queue}, for any adapter. @param modelRuns random runs for each kind of queue */
export const queueContract = (name: string, open: OpenQueue, modelRuns: number): void => {
  describe(`queue contract: ${name}`, () => {
    let fixture: QueueFixture;
    let queue: Queue;
    beforeEach(async () => {
      fixture = await open();
      queue = fixture.queue;
    });
    afterEach(() => fixture.close());

    /** What is so at once where time stands still, and sooner or later where it passes by itself. @returns the last reading */
    const eventually = async <T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> => {
      const deadline = performance.now() + PATIENCE_MS;
      for (let turn = 1; ; turn += 1) {
        const value = await read();
        if (holds(value) || (fixture.exact ? turn === 50 : performance.now() > deadline)) return value;
        if (!fixture.exact) await realTime(50);
      }
    };
    const take = async (from: QueueName, max = 10): Promise<ReceivedMessage[]> =>
      await eventually(
        () => queue.receive(from, max),
        (got) => got.length > 0,
      );
    const takeOne = async (from: QueueName): Promise<ReceivedMessage> => {
      const [first] = await take(from, 1);
      if (!first) throw new Error(`nothing to receive from ${from}`);
      return first;
    };
    const deadOf = async (from: QueueName): Promise<number> => (await queue.depth(from)).dead;
    const EMPTY = { visible: 0, inFlight: 0, delayed: 0, dead: 0 };

    it('delivers what was sent, once while it is in flight, and deletes it when acked', async () => {
      await queue.send(STANDARD, [message('a')]);
      const got = await takeOne(STANDARD);
      expect(got).toMatchObject({ id: 'a', group: 'g', body: '{"id":"a"}', receiveCount: 1 });
      expect(await fixture.another.receive(STANDARD, 10)).toEqual([]);
      expect(await queue.depth(STANDARD)).toEqual({ ...EMPTY, inFlight: 1 });
      await fixture.another.ack(STANDARD, got.receipt);
      await fixture.advance(fixture.rules(STANDARD).visibilityMs * 2);
      expect(await queue.depth(STANDARD)).toEqual(EMPTY);
      expect(await queue.receive(STANDARD, 10)).toEqual([]);
    });

    it('delivers all of a send that no single request could hold, text of any script among it', async () => {
      const big = Array.from({ length: 12 }, (_, i) => ({ ...message(`m${i}`), body: 'ü'.repeat(100_000) }));
      const odd = { ...message('ключ/鍵'), body: '{"a":"\\u0000 \u{1f980}\n"}' };
      await queue.send(STANDARD, [...big, odd]);
      const got = new Map<string, string>();
      await eventually(
        async () => {
          for (const { id, body, receipt } of await queue.receive(STANDARD, 10)) {
            got.set(id, body);
            await queue.ack(STANDARD, receipt);
          }
          return got.size;
        },
        (size) => size === 13,
      );
      expect([...got].toSorted()).toEqual([...big, odd].map(({ id, body }) => [id, body]).toSorted());
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
      expect(idsOf(await take(FIFO))).toEqual(['a']);
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
      const { visibilityMs } = fixture.rules(STANDARD);
      await queue.send(STANDARD, [message('a')]);
      const slow = await takeOne(STANDARD);
      if (fixture.exact) {
        await fixture.advance(visibilityMs - 1);
        expect(await queue.receive(STANDARD, 1)).toEqual([]);
        await fixture.advance(1);
      }
      const again = await takeOne(STANDARD);
      expect(again).toMatchObject({ id: 'a', receiveCount: 2, sentAtMs: slow.sentAtMs });
      expect(again.receipt).not.toBe(slow.receipt);
      if (!fixture.takesStaleReceipts) {
        await queue.ack(STANDARD, slow.receipt);
        await queue.retry(STANDARD, slow.receipt, 0);
        expect(await queue.receive(STANDARD, 1)).toEqual([]);
        expect((await queue.depth(STANDARD)).inFlight).toBe(1);
      }
      await queue.ack(STANDARD, again.receipt);
      expect(await queue.depth(STANDARD)).toEqual(EMPTY);
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
      await queue.retry(STANDARD, (await takeOne(STANDARD)).receipt, 1_000);
      const depth = await queue.depth(STANDARD);
      expect([depth.visible, depth.inFlight + depth.delayed]).toEqual([0, 1]);
      if (fixture.exact) {
        await fixture.advance(999);
        expect(await queue.receive(STANDARD, 1)).toEqual([]);
        await fixture.advance(1);
      }
      expect(await takeOne(STANDARD)).toMatchObject({ id: 'a', receiveCount: 2 });
    });

    it('keeps a message hidden for as long as its consumer says, whose receipt stays good', async () => {
      const { visibilityMs } = fixture.rules(STANDARD);
      await queue.send(STANDARD, [message('long')]);
      const got = await takeOne(STANDARD);
      await queue.hide(STANDARD, got.receipt, 3 * visibilityMs);
      await fixture.advance(3 * visibilityMs - 1);
      expect(await fixture.another.receive(STANDARD, 10)).toEqual([]);
      await queue.hide(STANDARD, got.receipt, visibilityMs);
      await fixture.advance(visibilityMs);
      const again = await takeOne(STANDARD);
      expect(again).toMatchObject({ id: 'long', receiveCount: 2 });
      if (!fixture.takesStaleReceipts) {
        await queue.hide(STANDARD, got.receipt, 0);
        expect(await queue.receive(STANDARD, 10)).toEqual([]);
      }
      await queue.hide(STANDARD, again.receipt, visibilityMs);
      await queue.ack(STANDARD, again.receipt);
      expect(await queue.depth(STANDARD)).toEqual(EMPTY);
    });

    it('hides a delayed message until its time', async () => {
      await queue.send(STANDARD, [message('later', 'g', 1_000), message('now')]);
      expect(await queue.depth(STANDARD)).toEqual({ ...EMPTY, visible: 1, delayed: 1 });
      expect(idsOf(await take(STANDARD))).toEqual(['now']);
      await fixture.advance(1_000);
      expect(idsOf(await take(STANDARD))).toEqual(['later']);
    });

    it('moves a message to the dead letters after its last receive, and redrives it as a new one', async () => {
      const { visibilityMs, maxReceives } = fixture.rules(STANDARD);
      await queue.send(STANDARD, [message('poison')]);
      const first = await takeOne(STANDARD);
      const counts = [first.receiveCount];
      // Nobody acks or retries: each receive's time-out has to run out.
      await eventually(
        async () => {
          await fixture.advance(visibilityMs);
          counts.push(...(await queue.receive(STANDARD, 10)).map(({ receiveCount }) => receiveCount));
          return await deadOf(STANDARD);
        },
        (dead) => dead === 1,
      );
      expect(counts).toEqual(Array.from({ length: maxReceives }, (_, i) => i + 1));
      expect(await queue.depth(STANDARD)).toEqual({ ...EMPTY, dead: 1 });
      for (let look = 0; look < 2; look += 1) {
        expect(await queue.deadLetters(STANDARD, 10)).toMatchObject([{ id: 'poison', body: '{"id":"poison"}' }]);
      }
      await queue.ack(STANDARD, first.receipt);
      expect(await queue.redrive(STANDARD)).toBe(1);
      expect(await queue.redrive(STANDARD)).toBe(0);
      const again = await takeOne(STANDARD);
      expect(again).toMatchObject({ id: 'poison', group: 'g', receiveCount: 1 });
      expect(again.receipt).not.toBe(first.receipt);
      await queue.ack(STANDARD, first.receipt);
      expect((await queue.depth(STANDARD)).inFlight).toBe(1);
      await queue.ack(STANDARD, again.receipt);
      expect(await queue.depth(STANDARD)).toEqual(EMPTY);
    });

    it('delivers exactly the number of times that the queue allows, and redrives more than one request holds', async () => {
      const { maxReceives } = fixture.rules(STANDARD);
      const sent = Array.from({ length: 12 }, (_, i) => message(`m${i}`));
      await queue.send(STANDARD, sent);
      const counts = new Map<string, number[]>();
      await eventually(
        async () => {
          for (const { id, receiveCount, receipt } of await queue.receive(STANDARD, 10)) {
            counts.set(id, [...(counts.get(id) ?? []), receiveCount]);
            await queue.retry(STANDARD, receipt, 0);
          }
          return await deadOf(STANDARD);
        },
        (dead) => dead === 12,
      );
      const each = Array.from({ length: maxReceives }, (_, i) => i + 1);
      expect([...counts].toSorted()).toEqual(sent.map(({ id }) => [id, each]).toSorted());
      expect(idsOf(await queue.deadLetters(STANDARD, 100)).toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
      expect(await queue.deadLetters(STANDARD, 3)).toHaveLength(3);
      expect(await queue.redrive(STANDARD)).toBe(12);
      expect(await queue.depth(STANDARD)).toEqual({ ...EMPTY, visible: 12 });
    });

    it('delivers a FIFO group in order, and no more of it while any of it is in flight', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('b1', 'b'), message('a2', 'a'), message('b2', 'b')]);
      const seen: string[] = [];
      for (let round = 0; round < 4 && seen.length < 4; round += 1) {
        const got = await take(FIFO);
        const groups = new Set(got.map(({ group }) => group));
        const more = await fixture.another.receive(FIFO, 10);
        expect(more.filter(({ group }) => groups.has(group))).toEqual([]);
        for (const { id, receipt } of [...got, ...more]) {
          seen.push(id);
          await queue.ack(FIFO, receipt);
        }
      }
      expect(seen.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2']);
      expect(seen.filter((id) => id.startsWith('b'))).toEqual(['b1', 'b2']);
    });

    it('holds a FIFO group back behind a failing message, and no other group', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('a2', 'a'), message('b1', 'b'), message('b2', 'b')]);
      const done: string[] = [];
      const round = async (failing: string): Promise<void> => {
        const failed = new Set<string>();
        for (const { id, group, receipt } of await queue.receive(FIFO, 10)) {
          if (id === failing) failed.add(group);
          if (failed.has(group)) await queue.retry(FIFO, receipt, 1_000);
          else {
            done.push(id);
            await queue.ack(FIFO, receipt);
          }
        }
      };
      await eventually(
        () => round('a1'),
        () => done.includes('b2'),
      );
      expect(done).toEqual(['b1', 'b2']);
      await fixture.advance(1_000);
      await eventually(
        () => round('none'),
        () => done.length === 4,
      );
      expect(fixture.reordersReturned ? done.slice(2).toSorted() : done.slice(2)).toEqual(['a1', 'a2']);
    });

    it('lets a FIFO group go on when its first message has died, and redrives that one behind the rest', async () => {
      await queue.send(FIFO, [message('a1', 'a'), message('a2', 'a'), message('a3', 'a')]);
      // One at a time: those that come along count the receive too, and would die together.
      for (let receive = 0; receive < fixture.rules(FIFO).maxReceives; receive += 1) {
        const first = await takeOne(FIFO);
        expect(first.id).toBe('a1');
        await queue.retry(FIFO, first.receipt, 0);
      }
      const next = await takeOne(FIFO);
      expect(next.id).toBe('a2');
      expect(await deadOf(FIFO)).toBe(1);
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
        ['bad-message', STANDARD, { ...message('a'), group: 'g'.repeat(129) }],
        ['bad-message', STANDARD, { ...message('a'), body: 'a\u0000b' }],
        ['bad-message', FIFO, { ...message('a'), id: '\ud800' }],
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

    queueModelContract(open, STANDARD, modelRuns);
    queueModelContract(open, FIFO, modelRuns);
  });
};
