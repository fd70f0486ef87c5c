/** What a handler does with an error: answer 4xx or park it, retry it, or raise an alarm. */
export type ErrorFamily = 'bad-input' | 'transient' | 'invariant';

export interface ErrorInfo {
  /** What to do next, one imperative sentence for whoever reads the error. */
  readonly next?: string;
  /** Facts for machines: what was received, what is allowed. Never a secret, a prompt or a payload. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * Base of every error this project throws on purpose. `code` is stable and machine-readable (kebab-case); the message
 * says what was received and what is allowed, in lower case and without secrets.
 */
export class QuorateError extends Error {
  override readonly name: string = 'QuorateError';
  readonly family: ErrorFamily;
  readonly code: string;
  readonly next: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(family: ErrorFamily, code: string, message: string, info: ErrorInfo = {}) {
    super(message, info.cause === undefined ? undefined : { cause: info.cause });
    this.family = family;
    this.code = code;
    this.next = info.next;
    this.details = info.details ?? {};
  }
}

/** The caller sent something that will never work: 4xx at an edge, parked with its reason on a queue. */
export class BadInputError extends QuorateError {
  override readonly name = 'BadInputError';
  constructor(code: string, message: string, info?: ErrorInfo) {
    super('bad-input', code, message, info);
  }
}

/** Something outside may work later: retried within a limit. */
export class TransientError extends QuorateError {
  override readonly name = 'TransientError';
  constructor(code: string, message: string, info?: ErrorInfo) {
    super('transient', code, message, info);
  }
}

/** A rule that must always hold did not: never retried silently, goes to the dead-letter queue and an alarm. */
export class InvariantError extends QuorateError {
  override readonly name = 'InvariantError';
  constructor(code: string, message: string, info?: ErrorInfo) {
    super('invariant', code, message, info);
  }
}
