import { z } from '@hono/zod-openapi';
import { CheatingView } from './cheating.ts';
import { AmountText, HashText } from './common.ts';

export const ModelView = z
  .strictObject({
    id: HashText,
    name: z.string().nullable(),
    version: z.string().nullable(),
    task: z.string().nullable(),
    installed: z.boolean(),
    isDefault: z.boolean(),
    owner: z.string(),
    priceUnes: AmountText,
    rule: z.enum(['exact', 'tolerant', 'custom']),
    windows: z.strictObject({ roundBlocks: z.int(), commitBlocks: z.int(), revealBlocks: z.int() }),
    withdrawn: z.boolean(),
    totalWeight: z.string(),
    /** What cheating would bring (docs/economics.md); null while no node serves the model. */
    cheating: CheatingView.nullable(),
  })
  .openapi('Model');
export type ModelView = z.infer<typeof ModelView>;
export const ModelsView = z.strictObject({ models: z.array(ModelView), next: z.string().nullable() }).openapi('Models');

export const NodeView = z
  .strictObject({
    address: z.string(),
    vrfPublicKey: z.string(),
    bondUnes: AmountText,
    unbonding: z.array(z.strictObject({ amountUnes: AmountText, releaseHeight: z.int() })),
    reputationThousandths: z.int(),
    models: z.array(HashText),
    tier: z.enum(['probation', 'standard', 'trusted']),
    seatsSettled: z.int(),
    seatsWon: z.int(),
  })
  .openapi('Node');
export type NodeView = z.infer<typeof NodeView>;
export const NodesView = z.strictObject({ nodes: z.array(NodeView), next: z.string().nullable() }).openapi('Nodes');
