import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/clock.ts';
import { MAX_TRANSACTION_WRITES } from '../../shared/ports/store.ts';
import { eventsPartition } from '../../shared/rows/coverage.ts';
import { EVENT_CHAIN, eventChain } from '../bench/event-chain.ts';
import { type Emulator, startMinistack } from './emulators.ts';
import { createTable, dynamoClient } from './table.ts';

const CHILD = fileURLToPath(new URL('../bench/watch-child.ts', import.meta.url));
/** As in a function of 256 MB: a watcher that keeps what it has stored does not get far in it. */
const HEAP = '--max-old-space-size=128';
const EVENTS = 10_000;
/** The events of a block are about as many queries. */
const QUERIES = 100;
const BLOCKS = [20, 40];

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startMinistack();
});
afterAll(() => emulator.stop());

describe('a block with 10,000 events', () => {
  it('is stored in one pass of the watcher, each event once, in the memory of a small function', async () => {
    const client = dynamoClient(emulator);
    const table = await createTable(client);
    const { chain, handle, height } = await eventChain({ blocks: 40, every: 20, events: EVENTS });
    const { url } = await chain.serve({ host: '127.0.0.1', port: 0, handle });
    const child = spawn(process.execPath, [HEAP, CHILD, `${emulator.endpoint}/${table}`, url], {
      env: { ...process.env, ...emulator.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    await chain.close();
    expect(code).toBe(0);
    const took = JSON.parse(printed);
    process.stderr.write(`big block: ${printed}`);
    expect(took).toMatchObject({
      passes: 1,
      heights: height,
      gaps: 0,
      twice: 0,
      events: BLOCKS.length * EVENTS,
      messages: BLOCKS.length * QUERIES,
    });
    const writes = BLOCKS.length * (EVENTS + QUERIES);
    // Writes of cursor and coverage in each; an event and its message are not parted.
    expect(took.transactions).toBeLessThanOrEqual(Math.ceil(writes / (MAX_TRANSACTION_WRITES - 2)) + BLOCKS.length);

    const store = openDynamoStore({ client, table, clock: systemClock, random: systemRandom });
    const events = async (queryId: number) =>
      await store.list<{ id: string }>(eventsPartition(EVENT_CHAIN.chainId, queryId), { limit: 2 * EVENTS });
    const ids = new Set<string>();
    for (const block of BLOCKS) {
      for (let i = 0; i < QUERIES; i++) {
        const rows = await events(block * 1_000 + i);
        expect(rows.every(({ version }) => version === 1)).toBe(true);
        for (const { body } of rows) ids.add(body.id);
      }
    }
    expect(ids.size).toBe(BLOCKS.length * EVENTS);
  });
});
