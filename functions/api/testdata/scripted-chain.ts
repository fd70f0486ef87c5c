import { TransientError } from '../../../shared/errors.ts';
import type { Chain } from '../../../shared/ports/chain.ts';
import type { ModelState, NodeState, QueryState } from '../../../shared/protocol/state.ts';

const NODE = 'quo1qyqszqgpqyqszqgpqyqszqgpqyqszqgp3aw2zp';

/** The Chain port over state that a test writes down. No chain: what it knows is what the test says. */
export class ScriptedChain implements Chain {
  readonly chainId = 'test-1';
  readonly contract = 'quo1contract';
  readonly knownQueries = new Map<number, QueryState>();
  readonly knownModels = new Map<string, ModelState>();
  readonly knownNodes = new Map<string, NodeState>();
  readonly balances = new Map<string, bigint>();
  height = 100;
  timeMs = 0;
  reachable = true;

  async head() {
    if (!this.reachable) throw new TransientError('rpc-unavailable', 'the node at http://10.0.0.7 does not answer');
    return { height: this.height, timeMs: this.timeMs };
  }
  query = async (id: number) => this.knownQueries.get(id);
  model = async (id: string) => this.knownModels.get(id);
  node = async (address: string) => this.knownNodes.get(address);
  models = async (after: string | undefined, limit: number) =>
    [...this.knownModels.values()].filter(({ id }) => after === undefined || id > after).slice(0, limit);
  nodes = async (after: string | undefined, limit: number) =>
    [...this.knownNodes.values()].filter(({ address }) => after === undefined || address > after).slice(0, limit);
  balanceUnes = async (address: string) => this.balances.get(address) ?? 0n;
  live = async () => [];
  seats = async () => [];
  account = async () => undefined;
  transaction = async () => undefined;
  block = (): never => this.#unscripted('block');
  params = async () => ({ maxSeats: 11, bondCapUnes: 10_000_000n, minBondUnes: 100_000n, slashPpm: 50_000 });
  draw = (): never => this.#unscripted('draw');
  totals = (): never => this.#unscripted('totals');
  simulate = (): never => this.#unscripted('simulate');
  broadcast = (): never => this.#unscripted('broadcast');

  #unscripted(call: string): never {
    throw new RangeError(`this test's chain has no ${call}`);
  }
}

export const modelState = (id: string, change: Partial<ModelState> = {}): ModelState => ({
  id,
  owner: NODE,
  priceUnes: 1_000n,
  rule: { exact: {} },
  windows: { roundBlocks: 4, commitBlocks: 20, revealBlocks: 10 },
  withdrawn: false,
  totalWeight: 5_000n,
  trial: undefined,
  timing: undefined,
  ...change,
});

export const queryState = (id: number, change: Partial<QueryState> = {}): QueryState => ({
  id,
  queryHash: 'aa'.repeat(32),
  asker: NODE,
  model: 'bb'.repeat(32),
  inputHash: 'cc'.repeat(32),
  input: { uri: 'http://api/v1/inputs/cc' },
  seats: 3,
  privacy: 'public',
  maxUnits: 1_000,
  feeUnes: 3_000n,
  agent: undefined,
  callback: undefined,
  askedHeight: 90,
  attempt: 0,
  phase: 'commit',
  opening: {
    height: 95,
    timeNs: 1n,
    seed: 'dd'.repeat(32),
    totalWeight: 5_000n,
    round: 0,
    committed: 1,
    revealed: 0,
    commitClose: 115,
    revealClose: undefined,
  },
  queueDeadline: undefined,
  outcome: undefined,
  inputUnits: 0,
  ...change,
});

export const verifiedState = (id: number, digest: string, model: string): QueryState =>
  queryState(id, {
    model,
    phase: 'verified',
    outcome: { kind: 'verified', digest, votes: 3, committed: 3, height: 99, reason: undefined, value: [] },
  });
