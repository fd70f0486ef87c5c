import { QuorateError, TransientError } from '../../errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { heightAsked, heightInRefusal, misfit, networkOf, newestHeight } from './answers.ts';
import { type RpcAnswer, type RpcRequest, type RpcTransport, retryAfterMs, rpcErrorOf } from './transport.ts';

export interface EndpointSettings {
  readonly clock: Clock;
  readonly chainId: string;
  /** Longest that one request may take before its connection is cut; doubled, up to eight times, while a method is late. */
  readonly deadlineMs: number;
  /** Pause after the first failure; each failure in a row doubles it, up to `longestRestMs`. */
  readonly firstRestMs: number;
  readonly longestRestMs: number;
}

/** What people see of an endpoint. */
export interface EndpointState {
  /** Host and port. */
  readonly name: string;
  readonly state: 'ready' | 'lags' | 'rests';
  /** Newest height that it told of; 0 before it was asked. */
  readonly height: number;
  readonly requests: number;
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastErrorAtMs: number | null;
  /** Until then nothing is asked of it; then it is probed before it serves again. */
  readonly restedUntilMs: number | null;
}

/** Nobody asks for longer than this by Retry-After and is believed. */
const LONGEST_RETRY_AFTER_MS = 600_000;
/** Of the deadline of a method that is late again and again. */
const MAX_DOUBLINGS = 3;
const ANSWERED = 'answered';
const STATUS: RpcRequest = { jsonrpc: '2.0', id: 1, method: 'status', params: {} };

/** One RPC endpoint and how it has behaved: deadline, chain id, form of answers, rests after failures. */
export class Endpoint {
  readonly name: string;
  height = 0;
  readonly #transport: RpcTransport;
  readonly #settings: EndpointSettings;
  #rest: { readonly why: 'lags' | 'rests'; readonly untilMs: number } | undefined;
  /** Its chain id was seen, and nothing went wrong since. */
  #verified: Promise<void> | undefined;
  #probing: Promise<boolean> | undefined;
  #inARow = 0;
  /** How often in a row it was too late with a method: a large block may simply take longer. */
  readonly #late = new Map<string, number>();
  #requests = 0;
  #failures = 0;
  #lastError: { readonly text: string; readonly atMs: number } | undefined;

  constructor(name: string, transport: RpcTransport, settings: EndpointSettings) {
    this.name = name;
    this.#transport = transport;
    this.#settings = settings;
  }

  get state(): EndpointState['state'] {
    return this.#rest?.why ?? 'ready';
  }

  get restedUntilMs(): number | undefined {
    return this.#rest?.untilMs;
  }

  view(): EndpointState {
    return {
      name: this.name,
      state: this.state,
      height: this.height,
      requests: this.#requests,
      failures: this.#failures,
      lastError: this.#lastError?.text ?? null,
      lastErrorAtMs: this.#lastError?.atMs ?? null,
      restedUntilMs: this.#rest?.untilMs ?? null,
    };
  }

  /**
   * Asks, whatever its state is.
   * @throws {TransientError} `rpc-unavailable` after resting it; a JSON-RPC error passes through, and is no failure
   */
  async ask(request: RpcRequest): Promise<RpcAnswer> {
    if (request.method !== 'status') await this.#verify();
    const answer = await this.#once(request);
    this.#inARow = 0;
    return answer;
  }

  /** Asks for its status, when its rest is over and nobody does so already. Never throws. @returns whether it may serve again */
  probe(): Promise<boolean> {
    if (!this.#rest || this.#rest.untilMs > this.#settings.clock.nowMs()) return Promise.resolve(false);
    this.#probing ??= this.look()
      .then(() => {
        this.#rest = undefined;
        return true;
      })
      .catch(() => false)
      .finally(() => {
        this.#probing = undefined;
      });
    return this.#probing;
  }

  /** Brings `height` up to date. @throws {TransientError} `rpc-unavailable` */
  async look(): Promise<void> {
    await this.#once(STATUS);
  }

  /** It is behind the others: passed over for what is new until a later look shows that it has caught up. */
  lags(text: string): void {
    this.#pause('lags', text, this.#settings.firstRestMs);
  }

  /** @returns the error to throw */
  fail(text: string, retryAfter?: number): TransientError {
    const { firstRestMs, longestRestMs } = this.#settings;
    this.#failures += 1;
    this.#verified = undefined;
    // Requests under way together fail together: that is one failure in a row, not many.
    const isNew = this.#rest?.why !== 'rests' || this.#rest.untilMs <= this.#settings.clock.nowMs();
    if (isNew) {
      this.#inARow += 1;
      const grownMs = Math.min(firstRestMs * 2 ** (this.#inARow - 1), longestRestMs);
      this.#pause('rests', text, Math.max(grownMs, Math.min(retryAfter ?? 0, LONGEST_RETRY_AFTER_MS)));
    }
    return new TransientError('rpc-unavailable', `${this.name}: ${text}`, { details: { endpoint: this.name } });
  }

  #pause(why: 'lags' | 'rests', text: string, restMs: number): void {
    const nowMs = this.#settings.clock.nowMs();
    this.#rest = { why, untilMs: nowMs + restMs };
    this.#lastError = { text: text.slice(0, 200), atMs: nowMs };
  }

  #verify(): Promise<void> {
    this.#verified ??= this.look().catch((error: unknown) => {
      this.#verified = undefined;
      throw error;
    });
    return this.#verified;
  }

  async #once(request: RpcRequest): Promise<RpcAnswer> {
    this.#requests += 1;
    let answer: RpcAnswer;
    try {
      answer = await this.#inTime(request);
    } catch (error) {
      const refusal = rpcErrorOf(error);
      if (refusal !== undefined) {
        this.height = heightInRefusal(refusal) ?? this.height;
        throw error;
      }
      const details = error instanceof QuorateError ? error.details : {};
      throw this.fail(describe(error), retryAfterMs(details.retryAfter));
    }
    const wrong = misfit(request, answer);
    if (wrong !== undefined) throw this.fail(wrong);
    const { chainId } = this.#settings;
    if (request.method === 'status' && networkOf(answer) !== chainId) {
      throw this.fail(`it is on chain '${String(networkOf(answer)).slice(0, 60)}', expected '${chainId}'`);
    }
    const newest = newestHeight(request, answer);
    if (newest !== undefined) this.height = newest;
    else this.height = Math.max(this.height, heightAsked(request) ?? 0);
    return answer;
  }

  /** A socket may be dropped without a word, so the request is cut short by us. */
  async #inTime(request: RpcRequest): Promise<RpcAnswer> {
    const { clock } = this.#settings;
    const { method } = request;
    const late = this.#late.get(method) ?? 0;
    const deadlineMs = this.#settings.deadlineMs * 2 ** Math.min(late, MAX_DOUBLINGS);
    const [cut, timer] = [new AbortController(), new AbortController()];
    const tooLate = async (): Promise<never> => {
      await clock.sleep(deadlineMs, timer.signal);
      cut.abort();
      this.#late.set(method, late + 1);
      throw new TransientError('rpc-deadline', `no answer to '${method}' within ${deadlineMs} ms`);
    };
    try {
      const answer = await Promise.race([this.#transport.execute(request, cut.signal), tooLate()]);
      this.#late.delete(method);
      return answer;
    } finally {
      // A reason of our own: else each request makes an error with a stack that nobody reads.
      timer.abort(ANSWERED);
    }
  }
}

/** Undici says "fetch failed" and keeps what happened in the cause. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && !(error instanceof QuorateError)
    ? `${error.message}: ${cause.message}`
    : error.message;
};
