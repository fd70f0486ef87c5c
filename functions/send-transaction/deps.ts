import type { Chain } from '../../shared/ports/chain.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { AccountSigner } from '../../shared/ports/signer.ts';
import type { Store } from '../../shared/ports/store.ts';

export interface SendDeps {
  readonly store: Store;
  readonly chain: Chain;
  readonly clock: Clock;
  /** Accounts that this deployment may sign for, by address. */
  readonly signers: ReadonlyMap<string, AccountSigner>;
  readonly denom: string;
  readonly gasLimit: number;
  readonly feeUnes: string;
  /** A signature is good for this many blocks, or until the intent's deadline if that is sooner. */
  readonly timeoutBlocks: number;
  /** Between two looks for the transaction in a block. */
  readonly pollMs: number;
  /** Looks of one invocation; after them the message comes again. */
  readonly maxPolls: number;
}

/** Most signatures of one intent (promise P7). */
export const MAX_SIGNATURES = 4;
