import { AsyncLocalStorage } from 'node:async_hooks';
import { isOutboxKey, type OutboxEntry } from './outbox.ts';
import type { Store, Write } from './ports/store.ts';
import { withTransact } from './with-transact.ts';

const current = new AsyncLocalStorage<string>();

/** What runs inside belongs to this trace: a message's, while it is handled. */
export const withTrace = <T>(trace: string | undefined, run: () => T): T =>
  trace === undefined ? run() : current.run(trace, run);

/** The trace of the message being handled, as X-Ray's header writes it. */
export const currentTrace = (): string | undefined => current.getStore();

/** Stamps what goes into the outbox with the trace that caused it: else the trace would end at the table. */
export const tracedStore = (store: Store, trace: () => string | undefined): Store => {
  const stamped = (write: Write, by: string): Write => {
    if (write.kind !== 'put' || !isOutboxKey(write.key)) return write;
    const entry = write.body as OutboxEntry;
    const body: OutboxEntry = { ...entry, message: { trace: by, ...entry.message } };
    return { ...write, body };
  };
  return withTransact(store, (writes) => {
    const by = trace();
    return store.transact(by === undefined ? writes : writes.map((write) => stamped(write, by)));
  });
};
