import { BadInputError } from '../../errors.ts';

/** @returns the hash; it is safe as a part of a path. @throws {BadInputError} `bad-hash` unless 64 lower-case hex digits */
export const checkHash = (hash: string): string => {
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new BadInputError('bad-hash', 'a blob is named by 64 lower-case hex digits', {
    details: { length: hash.length },
  });
};

export const badRange = (offsetBytes: number, sizeBytes: number): BadInputError =>
  new BadInputError('bad-range', `${sizeBytes} bytes from ${offsetBytes} on are not one byte or more within the blob`, {
    details: { offsetBytes, sizeBytes },
  });

/** @throws {BadInputError} `bad-range` for what lies within no blob */
export const checkRange = (offsetBytes: number, sizeBytes: number): void => {
  const end = offsetBytes + sizeBytes;
  if (![offsetBytes, sizeBytes, end].every(Number.isSafeInteger) || offsetBytes < 0 || sizeBytes < 1) {
    throw badRange(offsetBytes, sizeBytes);
  }
};
