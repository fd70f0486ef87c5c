import type { StageJob } from '../../shared/messages/stage-job.ts';

export interface LostJob {
  readonly job: StageJob;
  readonly reason: string;
}

/** Consecutive stages of one run that were started together, and how far each has come. */
interface Chain {
  readonly jobs: readonly StageJob[];
  /** In flight. */
  readonly open: Set<number>;
  readonly ended: Set<number>;
  readonly lost: Map<number, string>;
  closed: boolean;
}

/** One job in flight: which worker has it, and its place in its chain. */
interface Flight {
  readonly chain: Chain;
  readonly index: number;
  readonly worker: number;
}

/**
 * Book of jobs in flight. A lost job is reported once per chain: the earliest that is not done, when all before it are
 * done, so that whoever starts it again finds the output of the stage before; and when the one after it has landed too.
 * For a worker may die between handing over and saying so: then the one after it runs, and nothing was lost.
 */
export class Chains {
  readonly #flights = new Map<string, Flight>();
  readonly #onLost: (lost: LostJob) => void;
  readonly #onEmpty: () => void;

  constructor(onLost: (lost: LostJob) => void, onEmpty: () => void) {
    this.#onLost = onLost;
    this.#onEmpty = onEmpty;
  }

  get size(): number {
    return new Set([...this.#flights.values()].map(({ chain }) => chain)).size;
  }

  has(id: string): boolean {
    return this.#flights.has(id);
  }

  /** In flight under this id. */
  job(id: string): StageJob | undefined {
    const flight = this.#flights.get(id);
    return flight?.chain.jobs[flight.index];
  }

  /** @param places per job its id and worker */
  add(jobs: readonly StageJob[], places: readonly { readonly id: string; readonly worker: number }[]): void {
    const open = new Set(jobs.keys());
    const chain: Chain = { jobs, open, ended: new Set(), lost: new Map(), closed: false };
    for (const [index, { id, worker }] of places.entries()) this.#flights.set(id, { chain, index, worker });
  }

  /** Done, and so are those before it: it had its input from them. */
  done(id: string): void {
    this.#land(id, ({ chain, index }) => {
      for (let i = 0; i <= index; i++) chain.ended.add(i);
    });
  }

  /** The rest of the chain is not to be run, and that is written down: nothing is lost. */
  over(id: string): void {
    this.#land(id, ({ chain }) => {
      chain.closed = true;
    });
  }

  /** Never begun: the stage before did not end well, or ended well and could not hand over. */
  abandoned(id: string): void {
    this.lost(id, 'the stage before handed nothing over');
  }

  lost(id: string, reason: string): void {
    this.#land(id, ({ chain, index }) => chain.lost.set(index, reason));
  }

  workerDied(worker: number, reason: string): void {
    for (const [id, flight] of [...this.#flights]) if (flight.worker === worker) this.lost(id, reason);
  }

  #land(id: string, mark: (flight: Flight) => void): void {
    const flight = this.#flights.get(id);
    if (!flight) return;
    this.#flights.delete(id);
    flight.chain.open.delete(flight.index);
    mark(flight);
    this.#settle(flight.chain);
    if (this.#flights.size === 0) this.#onEmpty();
  }

  #settle(chain: Chain): void {
    if (chain.closed) return;
    const index = chain.jobs.findIndex((_, i) => !chain.ended.has(i));
    const job = chain.jobs[index];
    const reason = chain.lost.get(index);
    if (!job || reason === undefined || chain.open.has(index + 1)) return;
    chain.closed = true;
    this.#onLost({ job, reason });
  }
}
