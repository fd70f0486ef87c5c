import type { EndpointState } from '../../shared/chain/rpc/endpoint.ts';
import type { Logger } from '../../shared/log.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { ChainEvidence } from '../../shared/ports/chain-evidence.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Queue } from '../../shared/ports/queue.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { Tenant } from '../../shared/rows/tenant.ts';

/** From where on this deployment calls itself unhealthy. */
export interface HealthLimits {
  /** Age of the chain's newest block. */
  readonly headAgeMs: number;
  /** Blocks between the chain's head and the last one read. */
  readonly cursorLagBlocks: number;
  /** Age of the oldest committed effect that no queue has yet. */
  readonly outboxAgeMs: number;
}

export interface ApiConfig {
  /** Where callers and nodes reach this API, without a slash at the end: base of links and of input URIs. */
  readonly publicUrl: string;
  /** Id of the model that is meant when a request names none. */
  readonly defaultModel: string | undefined;
  readonly defaultSeats: number;
  /** `max_seats` of the contract. */
  readonly maxSeats: number;
  readonly defaultMaxUnits: number;
  /** Blocks within which an ask's transaction must be included. */
  readonly askDeadlineBlocks: number;
  readonly health: HealthLimits;
  /** Most bytes of a request's or an answer's body where the host has a limit of its own (AWS Lambda: 6 MB, in base64). */
  readonly maxBodyBytes?: number;
}

export interface ApiDeps {
  readonly store: Store;
  readonly queue: Queue;
  readonly blobs: Blobs;
  readonly chain: Chain;
  /** How the RPC endpoints behind the deployment's watcher behave. */
  readonly endpoints?: () => readonly EndpointState[];
  readonly chainEvidence: ChainEvidence;
  readonly clock: Clock;
  readonly random: Random;
  /** Address of the account that pays for custodial asks; without one they are refused. */
  readonly askSigner: string | undefined;
  /** The sender's own rule for receivers, so that none is accepted that nothing will be sent to. @throws {BadInputError} */
  readonly checkWebhookUrl: (url: string) => void;
  readonly config: ApiConfig;
  /** Who may do what costs or changes something, by API key. Without it everybody may: on loopback. */
  readonly tenants?: readonly Tenant[];
  readonly log?: Logger;
}

/** Values that fit most deployments; a composition adds `publicUrl` and `defaultModel`. */
export const DEFAULT_API_CONFIG = {
  defaultSeats: 3,
  maxSeats: 21,
  defaultMaxUnits: 1_000_000,
  askDeadlineBlocks: 60,
  health: { headAgeMs: 60_000, cursorLagBlocks: 20, outboxAgeMs: 30_000 },
} as const satisfies Partial<ApiConfig>;
