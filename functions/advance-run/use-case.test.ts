import { expect, it } from 'vitest';
import type { AdvanceDeps } from './deps.ts';
import { advance } from './use-case.ts';

it.each(['c/10/0/0/0', 'c/10/sweep'])(
  'fails, to come again, when the node behind the RPC is below event %s',
  async (eventId) => {
    const chain: object = {
      chainId: 'c',
      head: async () => ({ height: 9, timeMs: 0 }),
      query: async () => ({ attempt: 0 }),
    };
    // Nothing else is touched: a state from before the event would leave the runs where they are.
    const deps = { chain } as AdvanceDeps;
    const message = { kind: 'query', query: { chainId: 'c', queryId: 1 }, eventId } as const;
    await expect(advance(deps, message)).rejects.toMatchObject({ code: 'rpc-lags', family: 'transient' });
  },
);
