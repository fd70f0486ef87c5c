import type { MiddlewareObj } from '@middy/core';
import type { LogFields } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import type { LambdaLogger } from './log.ts';
import type { LambdaMetrics } from './metrics.ts';

export interface OnionDeps {
  readonly log: LambdaLogger;
  readonly metrics: LambdaMetrics;
  readonly clock: Clock;
}

/**
 * Around every handler: names the invocation in each line, writes one line when nothing else was written, and the metrics at the end,
 * failed or not. An error goes on to Lambda, which counts it.
 * @param tell what the line says of an answer
 */
export const onion = <Answer>(
  { log, metrics, clock }: OnionDeps,
  tell: (answer: Answer) => LogFields = () => ({}),
): MiddlewareObj<unknown, Answer> => {
  let beganMs = 0;
  return {
    before: ({ context }) => {
      beganMs = clock.nowMs();
      log.begin(context);
    },
    after: ({ response }) => {
      if (log.written === 0) log.info('invoked', { ...(response && tell(response)), tookMs: clock.nowMs() - beganMs });
      metrics.flush();
    },
    onError: ({ error }) => {
      log.error('invocation failed', { error, tookMs: clock.nowMs() - beganMs });
      metrics.flush();
    },
  };
};
