import { QuorateError } from './errors.ts';
import type { Clock } from './ports/clock.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  error(msg: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  child(fields: LogFields): Logger;
}

const REDACTED = '[redacted]';
const MAX_DEPTH = 6;
const MAX_TEXT = 2_000;

/** Always hidden, by the last words of the key: apiKey, webhook_secret, accessToken (but not tokens, nor publicKey). */
const SECRET =
  /(^|_)(secret|secrets|password|passphrase|mnemonic|token|authorization|cookie|seed|salt|(api|private|account|sealing|signing|secret|session|encryption)_?key)$/;
/** People's words and payloads (P13): hidden unless the value is a hash, which names them and tells nothing. */
const PAYLOAD = /(^|_)(prompt|prompts|body|payload|content|contents|input|output|completion|messages|text|inline)$/;
const HASH = /^[0-9a-f]{64}$/;

const snake = (key: string): string =>
  key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[-. ]/g, '_')
    .toLowerCase();

const isHidden = (key: string, value: unknown): boolean =>
  SECRET.test(key) || (PAYLOAD.test(key) && !(typeof value === 'string' && HASH.test(value)));

const errorFields = (error: Error): Record<string, unknown> => ({
  name: error.name,
  message: error.message,
  ...(error instanceof QuorateError
    ? { code: error.code, family: error.family, next: error.next, details: error.details }
    : { stack: error.stack }),
  ...(error.cause === undefined ? {} : { cause: error.cause }),
});

/** A copy that JSON can hold: secrets and payloads hidden by key, bytes only counted, depth and length bounded. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const entries = Object.entries(value instanceof Error ? errorFields(value) : value);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, isHidden(snake(key), item) ? REDACTED : redact(item, depth + 1)]),
  );
};

/**
 * A {@link Logger} over whatever writes lines: leaves out levels below the least, and hides what no line may carry (P13).
 * @param always fields of every line
 */
export const loggerOver = (
  least: LogLevel,
  write: (level: LogLevel, msg: string, fields: LogFields) => void,
  always: LogFields = {},
): Logger => {
  const at = (level: LogLevel) => (msg: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    write(level, msg, redact({ ...always, ...fields }) as LogFields);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerOver(least, write, { ...always, ...fields }),
  };
};

/**
 * Structured log: one JSON object a line, with `time`, `level`, `msg` and the fields. No line carries a secret, a prompt or
 * a payload under its own name (P13); put none into `msg`. A field named like one of the three is kept as `field_<name>`.
 */
export const createLogger = ({
  clock,
  sink,
  level: least = 'info',
  fields: always = {},
}: {
  readonly clock: Clock;
  readonly sink: (line: string) => void;
  /** The least level written; default `info`. */
  readonly level?: LogLevel;
  readonly fields?: LogFields;
}): Logger =>
  loggerOver(
    least,
    (level, msg, fields) => {
      const line: Record<string, unknown> = { time: new Date(clock.nowMs()).toISOString(), level, msg };
      for (const [key, value] of Object.entries(fields)) line[key in line ? `field_${key}` : key] = value;
      sink(JSON.stringify(line));
    },
    always,
  );
