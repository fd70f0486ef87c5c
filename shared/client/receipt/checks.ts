import { z } from 'zod';
import { equalBytes, toHex } from '../../protocol/encoding.ts';
import { VerificationError } from './verification-error.ts';

/** Ends the check that runs: the file is refused. */
class Refusal extends Error {
  readonly found: string;
  readonly expected: string;
  constructor(found: string, expected: string) {
    super(found);
    this.found = found;
    this.expected = expected;
  }
}

/** For messages: long enough to recognise, short enough to read. */
const MAX_FOUND = 200;

export const refuse = (found: string, expected: string): never => {
  throw new Refusal(found.slice(0, MAX_FOUND), expected);
};

/** Refuses unless both are the same text or number. */
export const expectSame = (what: string, found: string | number | bigint, expected: string | number | bigint): void => {
  if (found !== expected) refuse(`${what} is ${found}`, `${expected}`);
};

/** Refuses unless both are the same bytes. */
export const expectBytes = (what: string, found: Uint8Array, expected: Uint8Array): void => {
  if (!equalBytes(found, expected)) refuse(`${what} is ${toHex(found).slice(0, 64)}`, toHex(expected).slice(0, 64));
};

const describe = (error: unknown): string => {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'not valid'}`;
  }
  return error instanceof Error ? error.message : String(error);
};

/** Runs named checks and keeps the names of those that passed. */
export class Checks {
  readonly passed: string[] = [];

  /** @throws {VerificationError} whatever goes wrong inside: a file that cannot be checked is refused, not excused */
  run<T>(step: string, check: () => T): T {
    try {
      const value = check();
      this.passed.push(step);
      return value;
    } catch (error) {
      if (error instanceof Refusal) throw new VerificationError(step, error.found, error.expected);
      throw new VerificationError(step, describe(error).slice(0, MAX_FOUND), 'well-formed content', error);
    }
  }
}
