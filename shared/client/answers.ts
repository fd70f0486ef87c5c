import { z } from 'zod';

/** What the client reads of the API's answers. Loose objects: a newer deployment may say more (promise P15). */

const links = z.record(z.string(), z.string());

export const QueryStatus = z.looseObject({
  queryId: z.int(),
  status: z.enum(['queued', 'committing', 'revealing', 'settling', 'verified', 'refunded']),
  attempt: z.int(),
  asker: z.string(),
  model: z.string(),
  seats: z.int(),
  feeUnes: z.string(),
  digest: z.string().optional(),
  votes: z.int().optional(),
  committed: z.int().optional(),
  reason: z.string().optional(),
  links,
});
export type QueryStatus = z.infer<typeof QueryStatus>;

export const StoredInput = z.looseObject({ hash: z.string(), uri: z.string(), agent: z.string().nullable() });

export const Cheating = z.looseObject({
  assumed: z.looseObject({
    nodes: z.int(),
    bondUnes: z.string(),
    seats: z.int(),
    feeUnes: z.string(),
    payUnes: z.number(),
    slashUnes: z.number(),
  }),
  strategies: z.array(
    z.looseObject({
      strategy: z.string(),
      nodes: z.int(),
      stakeShare: z.number(),
      gainUnes: z.number(),
      againstHonestUnes: z.number(),
      catchRate: z.number(),
      wrongVerified: z.number(),
      paysAbovePrizeUnes: z.number().nullable(),
      minimumBondUnes: z.number().nullable(),
    }),
  ),
  breakEvenStakeShare: z.number().nullable(),
  breakEvenGuessRate: z.number(),
  minimumBondForCoinUnes: z.number().nullable(),
});
export type Cheating = z.infer<typeof Cheating>;

export const Model = z.looseObject({
  id: z.string(),
  name: z.string().nullable(),
  version: z.string().nullable(),
  installed: z.boolean(),
  isDefault: z.boolean(),
  priceUnes: z.string(),
  withdrawn: z.boolean(),
  /** Absent from deployments that do not reckon it. */
  cheating: Cheating.nullish(),
});
export type Model = z.infer<typeof Model>;
export const Models = z.looseObject({ models: z.array(Model), next: z.string().nullable() });

export const Node = z.looseObject({
  address: z.string(),
  bondUnes: z.string(),
  reputationThousandths: z.int(),
  models: z.array(z.string()),
});
export type Node = z.infer<typeof Node>;
export const Nodes = z.looseObject({ nodes: z.array(Node), next: z.string().nullable() });

export const Why = z.looseObject({
  queryId: z.int(),
  status: z.string(),
  sentences: z.array(z.string()),
  runs: z.array(
    z.looseObject({ node: z.string(), attempt: z.int(), state: z.string(), sentences: z.array(z.string()) }),
  ),
  anomalies: z.array(z.string()),
});
export type Why = z.infer<typeof Why>;
