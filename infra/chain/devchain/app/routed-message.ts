import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { Context } from './context.ts';

/** A message taken apart: who must sign it, and what it does. */
export interface RoutedMessage {
  readonly typeUrl: string;
  /** The encoded message. */
  readonly value: Uint8Array;
  readonly signer: Uint8Array;
  readonly signerText: string;
  /** The module name of the SDK's message event, the second part of the type URL. */
  readonly module: string;
  /** As Go prints the message in the errors of x/authz. */
  text(): string;
  /** Carries the message out and returns its encoded response. Events go to `ctx.events`. */
  run(ctx: Context): Any;
}
