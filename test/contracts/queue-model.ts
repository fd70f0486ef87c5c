import fc from 'fast-check';
import { expect, it } from 'vitest';
import { QUEUES, type QueueName } from '../../shared/messages/queues.ts';
import type { Queue, ReceivedMessage } from '../../shared/ports/queue.ts';
import type { OpenQueue, QueueFixture } from './fixtures.ts';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('send' as const), group: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('ack' as const, 'retry' as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), share: fc.constantFrom(0.4, 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Follows one queue from outside: which messages must still be there, and which deliveries are allowed now. */
class Observer {
  readonly #name: QueueName;
  readonly #fixture: QueueFixture;
  readonly #deliveries: { readonly message: ReceivedMessage; readonly untilMs: number }[] = [];
  /** Sent and not acked, by id, in the order of sending. */
  readonly #pending = new Map<string, { readonly group: string; redriven: boolean }>();
  readonly #current = new Map<string, { readonly receipt: string; readonly untilMs: number }>();
  #nowMs = 0;
  #sent = 0;

  constructor(name: QueueName, fixture: QueueFixture) {
    this.#name = name;
    this.#fixture = fixture;
  }

  async run(queue: Queue, next: Step): Promise<void> {
    const { visibilityMs } = this.#fixture.rules(this.#name);
    if (next.do === 'send') {
      const id = `m${this.#sent++}`;
      this.#pending.set(id, { group: next.group, redriven: false });
      await queue.send(this.#name, [{ id, group: next.group, body: id }]);
    } else if (next.do === 'receive') {
      const received = await queue.receive(this.#name, next.max);
      for (const message of received) this.#delivered(message, received);
    } else if (next.do === 'pass') {
      if (!this.#fixture.exact) return;
      this.#nowMs += visibilityMs * next.share;
      await this.#fixture.advance(visibilityMs * next.share);
    } else if (next.do === 'redrive') {
      for (const { id } of await queue.deadLetters(this.#name, 100)) {
        const entry = this.#pending.get(id);
        if (entry) entry.redriven = true;
        this.#current.delete(id);
      }
      await queue.redrive(this.#name);
    } else {
      await this.#settle(queue, next.do, next.which);
    }
    const { visible, inFlight, delayed, dead } = await queue.depth(this.#name);
    expect(visible + inFlight + delayed + dead, 'no message lost, none invented').toBe(this.#pending.size);
  }

  #delivered(message: ReceivedMessage, together: readonly ReceivedMessage[]): void {
    const { visibilityMs, maxReceives } = this.#fixture.rules(this.#name);
    const entry = this.#pending.get(message.id);
    expect(entry?.group, 'a delivered message is pending').toBe(message.group);
    expect(message.receiveCount).toBeLessThanOrEqual(maxReceives);
    const before = this.#current.get(message.id);
    expect(before === undefined || before.untilMs <= this.#nowMs, 'not delivered while in flight').toBe(true);
    if (QUEUES[this.#name].fifo && !entry?.redriven) {
      const group = [...this.#pending].filter(([, other]) => other.group === message.group && !other.redriven);
      const ahead = group
        .slice(
          0,
          group.findIndex(([id]) => id === message.id),
        )
        .map(([id]) => this.#current.get(id));
      const justBefore = new Set(together.slice(0, together.indexOf(message)).map(({ receipt }) => receipt));
      // One before it came just before in the same answer, or has died: delivered before, and its time is over.
      expect(ahead.every((other) => other && (justBefore.has(other.receipt) || other.untilMs <= this.#nowMs))).toBe(
        true,
      );
    }
    this.#current.set(message.id, { receipt: message.receipt, untilMs: this.#nowMs + visibilityMs });
    this.#deliveries.push({ message, untilMs: this.#nowMs + visibilityMs });
  }

  /** Acks or retries any delivery so far; only the current one of its message may have an effect. */
  async #settle(queue: Queue, how: 'ack' | 'retry', which: number): Promise<void> {
    const delivery = this.#deliveries.at(-1 - which);
    if (!delivery) return;
    const { id, receipt } = delivery.message;
    const valid = this.#current.get(id)?.receipt === receipt && delivery.untilMs > this.#nowMs;
    // A receipt whose time is over may or may not still count: the contract leaves that open, so nobody asks.
    if (!valid && (this.#current.get(id)?.receipt === receipt || this.#fixture.takesStaleReceipts)) return;
    if (how === 'ack') {
      await queue.ack(this.#name, receipt);
      if (valid) this.#pending.delete(id);
    } else {
      await queue.retry(this.#name, receipt, 0);
      if (valid) this.#current.set(id, { receipt: 'none', untilMs: this.#nowMs });
    }
  }
}

/** Random use over two connections: nothing lost, nothing delivered while in flight, order inside FIFO groups. */
export const queueModelContract = (open: OpenQueue, name: QueueName, numRuns: number): void => {
  it(`loses nothing and delivers only what it may, for random use of ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }), async (steps) => {
        const fixture = await open({ patient: true });
        try {
          const observer = new Observer(name, fixture);
          for (const [next, second] of steps) await observer.run(second ? fixture.another : fixture.queue, next);
        } finally {
          await fixture.close();
        }
      }),
      { numRuns },
    );
  });
};
