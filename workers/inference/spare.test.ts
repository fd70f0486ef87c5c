import { describe, expect, it } from 'vitest';
import type { WorkerEvents, WorkerKind } from './slot.ts';
import { withSpare } from './spare.ts';
import type { WorkerReport, WorkerSettings } from './worker-messages.ts';

const SETTINGS: WorkerSettings = {
  storePath: '',
  blobsFolder: '',
  name: 'test',
  address: '',
  receiptSeed: new Uint8Array(32),
  leaseMs: 1,
  maxSessions: 1,
};
const DONE: WorkerReport = { kind: 'done', id: 'a', outputBytes: 1 };

/** Workers that do nothing by themselves. */
const puppets = () => {
  const started: { readonly events: WorkerEvents; alive: boolean }[] = [];
  const kind: WorkerKind<{ readonly number: number; run(): void; kill(): Promise<void> }> = {
    bytesPerMs: 1,
    link: () => undefined,
    start: (_settings, events) => {
      const number = started.length;
      const state = { events, alive: true };
      started.push(state);
      const kill = async (): Promise<void> => {
        if (!state.alive) return;
        state.alive = false;
        events.onExit('killed');
      };
      return { number, run: () => undefined, kill };
    },
  };
  return { started, kind: withSpare(kind) };
};

/** An owner that notes what it is told. */
const owner = () => {
  const told: string[] = [];
  const events: WorkerEvents = {
    onReport: ({ kind }) => told.push(kind),
    onExit: (reason) => told.push(reason),
  };
  return { told, events };
};

describe('a spare worker', () => {
  it('is started when a worker has ended a job, not before', () => {
    const { started, kind } = puppets();
    kind.start(SETTINGS, owner().events);
    kind.start(SETTINGS, owner().events);
    for (const { events } of [...started]) events.onReport({ kind: 'ready' });
    expect(started).toHaveLength(2);
    started[0]?.events.onReport(DONE);
    started[1]?.events.onReport(DONE);
    expect(started).toHaveLength(3);
  });

  it('is the next that is asked for, ready, and is followed by another', async () => {
    const { started, kind } = puppets();
    const first = kind.start(SETTINGS, owner().events);
    started[0]?.events.onReport(DONE);
    started[1]?.events.onReport({ kind: 'ready' });
    await first.kill();
    const next = owner();
    expect(kind.start(SETTINGS, next.events).number).toBe(1);
    expect(next.told).toEqual(['ready']);
    expect(started).toHaveLength(2);
    started[1]?.events.onReport(DONE);
    expect(next.told).toEqual(['ready', 'done']);
    expect(started).toHaveLength(3);
  });

  it('that dies while it waits is not handed out', async () => {
    const { started, kind } = puppets();
    kind.start(SETTINGS, owner().events);
    started[0]?.events.onReport(DONE);
    started[1]?.events.onExit('out of memory');
    const next = owner();
    expect(kind.start(SETTINGS, next.events).number).toBe(2);
    expect(next.told).toEqual([]);
  });

  it('that dies at work is told to its owner', async () => {
    const { started, kind } = puppets();
    kind.start(SETTINGS, owner().events);
    started[0]?.events.onReport(DONE);
    const next = owner();
    await kind.start(SETTINGS, next.events).kill();
    expect(next.told).toEqual(['killed']);
  });

  it('ends with its host, and none follows', async () => {
    const { started, kind } = puppets();
    kind.start(SETTINGS, owner().events);
    started[0]?.events.onReport(DONE);
    await kind.close?.();
    expect(started.map(({ alive }) => alive)).toEqual([true, false]);
    started[0]?.events.onReport(DONE);
    expect(started).toHaveLength(2);
  });
});
