import type { Client } from '../../../shared/client/client.ts';
import type { QueryState } from '../../../shared/protocol/state.ts';
import type { House } from '../house.ts';

/** What must be true on chain (and in the store) after a fault. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

export interface OutcomeContext {
  readonly house: House;
  readonly client: Client;
  readonly query: QueryState;
  readonly digest: string;
  /** The node that cheats, or whose worker dies. */
  readonly suspect: string;
}
