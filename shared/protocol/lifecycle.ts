import type { QueryPhase, SeatOutcome } from './state.ts';

/** The life of a run - one node's work on one attempt - as a table of transitions. Pure: facts in, next state and effects out. */

export const RUN_STATES = [
  'seen',
  'waiting',
  'running',
  'committing',
  'committed',
  'revealing',
  'awaiting-settlement',
  'settling',
  'not-drawn',
  'missed',
  'failed',
  'final',
] as const;
export type RunState = (typeof RUN_STATES)[number];

export const TERMINAL: ReadonlySet<RunState> = new Set(['not-drawn', 'missed', 'failed', 'final']);

export type TxKind = 'commit' | 'reveal' | 'settle';
export type Effect = 'start-job' | `send-${TxKind}`;

/** What is true now, read from the contract's own state and the store: never from what a message claims. */
export interface RunFacts {
  /** What a transaction sent now would meet; 'over' when the query is final or at a later attempt. */
  readonly phase: QueryPhase | 'over';
  /** The node qualifies in a round up to the current one. */
  readonly drawn: boolean;
  readonly stages: 'unfinished' | 'done' | 'failed';
  /** The node's seat as the contract has it. */
  readonly seat: SeatOutcome | undefined;
  /** The run's last transaction: not planned, not ended, in a block with code 0, or refused or expired. */
  readonly tx: 'none' | 'open' | 'included' | 'refused';
  /** Another transaction of this kind may be planned (promise P7). */
  readonly triesLeft: boolean;
  /** The random delay before this node settles has passed. */
  readonly settleDue: boolean;
}

export interface Transition {
  readonly from: readonly RunState[];
  readonly to: RunState;
  /** Reads as "when ...". */
  readonly because: string;
  readonly when: (facts: RunFacts) => boolean;
  readonly effects: readonly Effect[];
}

const over = (f: RunFacts): boolean => f.phase === 'over';
const retry = (f: RunFacts): boolean => f.tx === 'refused' && f.triesLeft;

/** Tried in order; the first that fits is taken. None fits: the run stays. No row leads back (promise P4). */
export const TRANSITIONS: readonly Transition[] = [
  {
    from: ['seen', 'waiting'],
    to: 'not-drawn',
    because: 'the commit window closed without a draw',
    when: (f) => f.phase !== 'commit' && f.phase !== 'queued',
    effects: [],
  },
  {
    from: ['seen', 'waiting'],
    to: 'running',
    because: 'the node is drawn',
    when: (f) => f.phase === 'commit' && f.drawn,
    effects: ['start-job'],
  },
  {
    from: ['seen'],
    to: 'waiting',
    because: 'the node is not drawn in the rounds so far',
    when: (f) => f.phase === 'commit',
    effects: [],
  },

  {
    from: ['running', 'committing'],
    to: 'committed',
    because: 'the contract holds the seat',
    when: (f) => f.seat !== undefined && !over(f),
    effects: [],
  },
  {
    from: ['running'],
    to: 'failed',
    because: 'a stage failed for good',
    when: (f) => f.stages === 'failed',
    effects: [],
  },
  {
    from: ['running'],
    to: 'missed',
    because: 'the commit window closed before the result was there',
    when: (f) => f.phase !== 'commit',
    effects: [],
  },
  {
    from: ['running'],
    to: 'committing',
    because: 'the result is there',
    when: (f) => f.stages === 'done',
    effects: ['send-commit'],
  },
  {
    from: ['committing'],
    to: 'committing',
    because: 'the commit was refused and the window is open',
    when: (f) => f.phase === 'commit' && retry(f),
    effects: ['send-commit'],
  },
  {
    from: ['committing'],
    to: 'missed',
    because: 'the commit did not get in',
    when: (f) => f.phase !== 'commit' && (f.tx !== 'open' || over(f)),
    effects: [],
  },
  {
    from: ['committing'],
    to: 'failed',
    because: 'the commit was refused too often',
    when: (f) => f.tx === 'refused',
    effects: [],
  },

  {
    from: ['committed', 'revealing', 'awaiting-settlement', 'settling'],
    to: 'final',
    because: 'the attempt is settled',
    when: over,
    effects: [],
  },
  {
    from: ['committed', 'revealing'],
    to: 'awaiting-settlement',
    because: 'the contract has the reveal',
    when: (f) => f.seat !== undefined && f.seat !== 'committed',
    effects: [],
  },
  {
    from: ['committed'],
    to: 'revealing',
    because: 'the reveal window is open',
    when: (f) => f.phase === 'reveal',
    effects: ['send-reveal'],
  },
  {
    from: ['revealing'],
    to: 'revealing',
    because: 'the reveal was refused and the window is open',
    when: (f) => f.phase === 'reveal' && retry(f),
    effects: ['send-reveal'],
  },
  {
    from: ['committed', 'revealing'],
    to: 'awaiting-settlement',
    because: 'the reveal window closed',
    when: (f) => f.phase === 'settle' && f.tx !== 'open',
    effects: [],
  },
  {
    from: ['awaiting-settlement'],
    to: 'settling',
    because: 'nobody has settled yet',
    when: (f) => f.phase === 'settle' && f.settleDue,
    effects: ['send-settle'],
  },
  {
    from: ['settling'],
    to: 'settling',
    because: 'the settlement did not get in',
    when: (f) => f.phase === 'settle' && retry(f),
    effects: ['send-settle'],
  },
];

export const nextTransition = (state: RunState, facts: RunFacts): Transition | undefined =>
  TRANSITIONS.find((t) => t.from.includes(state) && t.when(facts));
