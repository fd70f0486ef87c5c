import { BadInputError } from '../../errors.ts';

/** @returns the hash; it is safe as a part of a path. @throws {BadInputError} `bad-hash` unless 64 lower-case hex digits */
export const checkHash = (hash: string): string => {
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new BadInputError('bad-hash', 'a blob is named by 64 lower-case hex digits', {
    details: { length: hash.length },
  });
};
