import type { LiveWorker, WorkerEvents, WorkerKind } from './slot.ts';
import type { WorkerReport, WorkerSettings } from './worker-messages.ts';

interface Spare<W> {
  readonly worker: W;
  /** Says what it said so far, and all that comes, to its new owner. */
  take(events: WorkerEvents): void;
}

/**
 * Workers of this kind with one more that is started and waits, for the next that is asked for. Another follows when a
 * worker has ended a job: so that starting it never delays those that are needed now.
 */
export const withSpare = <W extends LiveWorker>(kind: WorkerKind<W>): WorkerKind<W> => {
  let spare: Spare<W> | undefined;
  let closed = false;

  const begin = (settings: WorkerSettings): Spare<W> => {
    const said: WorkerReport[] = [];
    let owner: WorkerEvents | undefined;
    const started: Spare<W> = {
      worker: kind.start(settings, {
        onReport: (report) => (owner ? owner.onReport(report) : said.push(report)),
        onExit: (reason) => {
          if (spare === started) spare = undefined;
          owner?.onExit(reason);
        },
      }),
      take: (events) => {
        owner = events;
        for (const report of said) events.onReport(report);
      },
    };
    return started;
  };

  return {
    ...kind,
    start: (settings, events) => {
      const next = spare ?? begin(settings);
      spare = undefined;
      next.take({
        ...events,
        onReport: (report) => {
          events.onReport(report);
          if (report.kind !== 'ready' && !closed) spare ??= begin(settings);
        },
      });
      return next.worker;
    },
    close: async () => {
      closed = true;
      await spare?.worker.kill();
    },
  };
};
