import { z } from 'zod';
import type { Fetch } from '../../../shared/client/http.ts';
import type { Operation } from './operation.ts';

const Health = z.object({ status: z.string(), reasons: z.array(z.string()) });

export interface StatusReport {
  readonly stacks: Readonly<Record<string, string>>;
  readonly apiUrl: string | undefined;
  readonly lane: { readonly address: string; readonly balanceUnes: bigint } | undefined;
  readonly nodes: readonly {
    readonly name: string;
    readonly address: string;
    readonly bondUnes: bigint | undefined;
    /** Of the configured models, those that it serves. */
    readonly serves: number;
  }[];
  /** What the deployment says of itself; one line says why, if it does not answer. */
  readonly health: { readonly status: string; readonly reasons: readonly string[] };
}

const PARTS = ['data', 'control', 'compute-batch', 'compute-enclave', 'observability'] as const;

/** What is deployed, what has money, and what is unhealthy. */
export const lookAt = async (operation: Operation, fetch: Fetch): Promise<StatusReport> => {
  const { config } = operation;
  const found = await Promise.all(PARTS.map(async (part) => [part, await operation.stack(part)] as const));
  const stacks = Object.fromEntries(found.map(([part, stack]) => [part, stack?.status ?? 'not deployed']));
  const has = (part: string) => found.find(([name]) => name === part)?.[1];
  const { chain } = await operation.chain();
  const address = has('data') && (await operation.lane()).address;
  const apiUrl = has('control')?.outputs.ApiUrl;
  const nodes = await Promise.all(
    config.nodes.map(async (node) => {
      const state = await chain.node(node.address);
      const serves = config.models.filter(({ id }) => state?.models.includes(id)).length;
      return { name: node.name, address: node.address, bondUnes: state?.bondUnes, serves };
    }),
  );
  return {
    stacks,
    apiUrl,
    lane: address === undefined ? undefined : { address, balanceUnes: await chain.balanceUnes(address) },
    nodes,
    health: await healthOf(apiUrl, fetch),
  };
};

const healthOf = async (apiUrl: string | undefined, fetch: Fetch): Promise<StatusReport['health']> => {
  if (apiUrl === undefined) return { status: 'not deployed', reasons: [] };
  try {
    return Health.parse(await (await fetch(`${apiUrl}/v1/health`)).json());
  } catch {
    return { status: 'unreachable', reasons: [`${apiUrl}/v1/health does not answer`] };
  }
};
