import { LogFormatter, LogItem, Logger as Powertools } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Context } from 'aws-lambda';
import { type LogFields, type Logger, type LogLevel, redact } from '../log.ts';

/** Names that Powertools gives to its own fields; a field of ours by such a name is kept as `field_<name>`. */
const OWN = new Set([
  'level',
  'message',
  'timestamp',
  'service',
  'cold_start',
  'function_request_id',
  'xray_trace_id',
  'sampling_rate',
]);

/** Powertools' own names without what is the same on each line of a log group: lines are paid for by size. */
class ShortFormat extends LogFormatter {
  override formatAttributes(own: UnformattedAttributes, more: LogAttributes): LogItem {
    const { logLevel, message, timestamp, lambdaContext, xRayTraceId } = own;
    const attributes = {
      level: logLevel,
      message,
      timestamp: timestamp.toISOString(),
      ...(lambdaContext && {
        cold_start: lambdaContext.coldStart,
        function_request_id: lambdaContext.awsRequestId,
      }),
      ...(xRayTraceId !== undefined && { xray_trace_id: xRayTraceId }),
    };
    return new LogItem({ attributes }).addAttributes(more);
  }
}

export interface LambdaLogger extends Logger {
  /** Each line from here on names this invocation. */
  begin(context: Context): void;
  /** Lines written since {@link LambdaLogger.begin}. */
  readonly written: number;
}

/** Our {@link Logger} on Powertools: one JSON object a line; secrets, prompts and payloads are hidden as everywhere (P13). */
export const lambdaLogger = (least: LogLevel): LambdaLogger => {
  const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
  const logLevel = least.toUpperCase() as Uppercase<LogLevel>;
  const powertools = new Powertools({ logLevel, logFormatter: new ShortFormat() });
  let written = 0;
  const withFields = (always: LogFields): Logger => {
    const at = (level: LogLevel) => (msg: string, fields?: LogFields) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      written += 1;
      const hidden = Object.entries(redact({ ...always, ...fields }) as LogFields);
      powertools[level](msg, Object.fromEntries(hidden.map(([key, v]) => [OWN.has(key) ? `field_${key}` : key, v])));
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => withFields({ ...always, ...fields }),
    };
  };
  return {
    ...withFields({}),
    begin: (context) => {
      powertools.addContext(context);
      written = 0;
    },
    get written() {
      return written;
    },
  };
};
