import { QuorateError } from '../../errors.ts';
import { toBase64 } from '../../protocol/encoding.ts';
import type { Io } from './io.ts';

/** Documented in `quorate --help`. */
export const EXIT = { ok: 0, refused: 1, usage: 2, notFinal: 3, unreachable: 4 } as const;

const NOT_FINAL: ReadonlySet<string> = new Set(['not-yet-verified', 'not-yet-final', 'tx-not-included']);

export const exitCodeOf = (error: QuorateError): number => {
  if (error.code === 'usage') return EXIT.usage;
  if (NOT_FINAL.has(error.code)) return EXIT.notFinal;
  return error.family === 'transient' ? EXIT.unreachable : EXIT.refused;
};

/** One JSON document: whole numbers of any size as strings, bytes as base64. */
export const toJson = (value: unknown): string =>
  JSON.stringify(
    value,
    (_, item: unknown) =>
      typeof item === 'bigint' ? String(item) : item instanceof Uint8Array ? toBase64(item) : item,
    2,
  );

/** Text for people on stderr, or with `--json` one document on stdout, so that a script always finds one there. */
export const showError = (io: Io, json: boolean, thrown: unknown): number => {
  const error =
    thrown instanceof QuorateError
      ? thrown
      : new QuorateError('invariant', 'internal-error', thrown instanceof Error ? thrown.message : 'unknown error', {
          next: 'This is a fault of quorate itself: please report it with what you did.',
        });
  const { code, message, next, details } = error;
  if (json) io.out(toJson({ error: { code, message, next: next ?? null, details } }));
  else {
    io.err(`quorate: ${message} (${code})`);
    if (next !== undefined) io.err(`  next: ${next}`);
  }
  return exitCodeOf(error);
};
