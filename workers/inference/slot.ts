import type { RunJob, WorkerReport, WorkerSettings } from './worker-messages.ts';

/** A worker that runs, on a thread or in a process of its own. */
export interface LiveWorker {
  run(message: RunJob): void;
  /** Ends it in the middle of whatever it does, and resolves when it has ended. */
  kill(): Promise<void>;
}

export interface WorkerEvents {
  onReport(report: WorkerReport): void;
  /** Once, after the last report. */
  onExit(reason: string): void;
}

/** Threads or processes: how workers start, and how two of them are linked. */
export interface WorkerKind<W extends LiveWorker> {
  start(settings: WorkerSettings, events: WorkerEvents): W;
  /** Opens the ends of a new link of this name at both workers, which may be one and the same. */
  link(name: string, from: W, to: W): void;
  /** What a link carries, from one compute thread to another. */
  readonly bytesPerMs: number;
  /** Ends what was started and is nobody's yet. */
  close?(): Promise<void>;
}

export interface SlotOptions<W extends LiveWorker> {
  readonly index: number;
  readonly kind: WorkerKind<W>;
  readonly settings: WorkerSettings;
  readonly onReport: WorkerEvents['onReport'];
  /** The worker that ran here has died; the next one stands already, so that its jobs can be started again at once. */
  readonly onDied: (reason: string) => void;
  readonly stopping: () => boolean;
}

/** Starts without having said 'ready' after which a worker is not started again. */
const MAX_FAILED_STARTS = 3;

/** One place for a worker; one that exits is followed by another. */
export class Slot<W extends LiveWorker> {
  /** Why no worker runs here any more, if so. */
  broken: string | undefined;
  readonly #options: SlotOptions<W>;
  #failedStarts = 0;
  #worker: W;

  constructor(options: SlotOptions<W>) {
    this.#options = options;
    this.#worker = this.#start();
  }

  get worker(): W {
    return this.#worker;
  }

  run(message: Omit<RunJob, 'worker'>): void {
    const { index, settings } = this.#options;
    this.#worker.run({ ...message, worker: `${settings.name}/${index}` });
  }

  #start(): W {
    const { kind, settings, onReport } = this.#options;
    let ready = false;
    return kind.start(settings, {
      onReport: (report) => {
        if (report.kind === 'ready') {
          ready = true;
          this.#failedStarts = 0;
        } else {
          onReport(report);
        }
      },
      onExit: (reason) => this.#exited(ready, reason),
    });
  }

  #exited(ready: boolean, reason: string): void {
    const { index, onDied, stopping } = this.#options;
    this.#failedStarts += ready ? 0 : 1;
    if (this.#failedStarts >= MAX_FAILED_STARTS) this.broken = `worker ${index} does not start: ${reason}`;
    else if (!stopping()) this.#worker = this.#start();
    onDied(`worker ${index} died: ${reason}`);
  }
}
