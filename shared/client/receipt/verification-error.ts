import { QuorateError } from '../../errors.ts';

/** A receipt file that proves nothing: which check refused it, what was found and what it should have been. */
export class VerificationError extends QuorateError {
  override readonly name = 'VerificationError';
  /** Name of the check, as in {@link VerifiedReceipt.checks}. */
  readonly step: string;
  readonly found: string;
  readonly expected: string;

  constructor(step: string, found: string, expected: string, cause?: unknown) {
    super(
      'bad-input',
      'receipt-refused',
      `the receipt is refused by the check '${step}': ${found}; expected ${expected}`,
      {
        next: 'trust nothing in this file; ask for the receipt of this query at another deployment',
        details: { step, found, expected },
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.step = step;
    this.found = found;
    this.expected = expected;
  }
}
