import { currentTrace } from '../trace.ts';

/** The trace of the message being handled, or else of the invocation. */
export const invocationTrace = (): string | undefined => currentTrace() ?? process.env._X_AMZN_TRACE_ID;
