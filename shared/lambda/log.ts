import { LogFormatter, LogItem, Logger as Powertools } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Context } from 'aws-lambda';
import { type Logger, type LogLevel, loggerOver } from '../log.ts';

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
  const logLevel = least.toUpperCase() as Uppercase<LogLevel>;
  const powertools = new Powertools({ logLevel, logFormatter: new ShortFormat() });
  let written = 0;
  const lines = loggerOver(least, (level, msg, fields) => {
    written += 1;
    const own = Object.entries(fields).map(([key, value]) => [OWN.has(key) ? `field_${key}` : key, value]);
    powertools[level](msg, Object.fromEntries(own));
  });
  return {
    ...lines,
    begin: (context) => {
      powertools.addContext(context);
      written = 0;
    },
    get written() {
      return written;
    },
  };
};
