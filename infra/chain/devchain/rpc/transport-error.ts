import { TransientError } from '../../../../shared/errors.ts';

/** A request did not get past the network: what an overloaded or broken proxy in front of a node answers. */
export class TransportError extends TransientError {
  /** The HTTP status; over HTTP it is really sent. */
  readonly status: number;

  constructor(status: number) {
    super('transport', `Bad status on response: ${status}`, { details: { status } });
    this.status = status;
  }
}
