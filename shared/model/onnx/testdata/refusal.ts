import { expect } from 'vitest';
import { BadInputError } from '../../../errors.ts';

/** The error that this throws; it must be one of bad input. */
export const refusal = (act: () => unknown): BadInputError => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(BadInputError);
    return error as BadInputError;
  }
  throw new Error('nothing was refused');
};
