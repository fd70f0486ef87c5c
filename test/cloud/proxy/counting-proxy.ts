import { type AwsCall, awsCallOf } from './aws-call.ts';
import { type Answer, type Forward, type Passing, type ReverseProxy, startReverseProxy } from './reverse-proxy.ts';

export interface CountedCall extends AwsCall {
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number;
  readonly passing: Passing;
  readonly answer: Answer;
}

/** Does something else with a call than to send it on; undefined breaks the connection. */
export type CallFault = (
  call: AwsCall,
  passing: Passing,
  /** @param body instead of the one that came */
  forward: (body?: Buffer) => Promise<Answer>,
) => Promise<Answer | undefined>;

export interface CountingProxy extends ReverseProxy {
  /** Called after each call of a function or worker. */
  onCall: ((call: CountedCall) => void) | undefined;
  fault: CallFault | undefined;
  /** Where calls go: known once what stands behind has started. */
  aim(to: { readonly emulator: string; readonly batch: string }): void;
}

/** Stands before the emulator for functions and workers (`AWS_ENDPOINT_URL`): sees each call to AWS that they make. */
export const startCountingProxy = async (nowMs: () => number, port = 0): Promise<CountingProxy> => {
  let aims = { emulator: '', batch: '' };
  const send = (call: AwsCall, forward: Forward, body?: Buffer): Promise<Answer> =>
    forward(call.service === 'batch' ? aims.batch : aims.emulator, body && { body });
  const proxy = await startReverseProxy(async (passing, forward) => {
    const call = awsCallOf(passing);
    const atMs = nowMs();
    const once = (body?: Buffer) => send(call, forward, body);
    const answer = counting.fault ? await counting.fault(call, passing, once) : await once();
    if (answer) counting.onCall?.({ ...call, atMs, tookMs: nowMs() - atMs, status: answer.status, passing, answer });
    return answer;
  }, port);
  const counting: CountingProxy = {
    ...proxy,
    onCall: undefined,
    fault: undefined,
    aim: (to) => {
      aims = to;
    },
  };
  return counting;
};
