import { TransientError } from '../../../../shared/errors.ts';

/** A request did not get past the network: what an overloaded or broken proxy in front of a node answers. */
export class TransportError extends TransientError {
  /** The HTTP status; over HTTP it is really sent. */
  readonly status: number;

  /** @param retryAfterS seconds after which the proxy wants to be asked again */
  constructor(status: number, retryAfterS?: number) {
    const retryAfter = retryAfterS === undefined ? {} : { retryAfter: String(retryAfterS) };
    super('transport', `Bad status on response: ${status}`, { details: { status, ...retryAfter } });
    this.status = status;
  }
}
