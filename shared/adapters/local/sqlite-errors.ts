import { InvariantError, QuorateError, TransientError } from '../../errors.ts';

// Primary result codes, https://www.sqlite.org/rescode.html
const BUSY = 5;
const LOCKED = 6;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** The primary result code of an error that SQLite threw. */
const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

export const isNotADatabase = (error: unknown): boolean => resultCode(error) === NOT_A_DATABASE;

/** Gives an error of SQLite its family; errors of ours pass unchanged. */
export const databaseError = (cause: unknown): QuorateError => {
  if (cause instanceof QuorateError) return cause;
  switch (resultCode(cause)) {
    case BUSY:
    case LOCKED:
      return new TransientError('database-busy', 'another connection held the database for too long', { cause });
    case FULL:
      return new TransientError('database-full', 'no room left for the database', { next: 'Free disk space.', cause });
    case IO_ERROR:
      return new TransientError('database-io', 'the disk refused to read or write the database', { cause });
    case CORRUPT:
    case NOT_A_DATABASE:
      return new InvariantError('database-corrupt', 'the database file is damaged', {
        next: 'Stop, keep the file, and restore the last backup.',
        cause,
      });
    default:
      return new InvariantError('database-failed', 'the database refused a statement', { cause });
  }
};
