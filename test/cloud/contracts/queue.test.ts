import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqsQueue } from '../../../shared/adapters/aws/sqs-queue.ts';
import { systemRandom } from '../../../shared/adapters/system/clock.ts';
import type { OpenQueue, QueueFixture } from '../../contracts/fixtures.ts';
import { queueContract } from '../../contracts/queue.ts';
import { type Emulator, startMinistack, startMoto } from '../emulators.ts';
import { makeQueues } from './sqs.ts';

const RULES = { visibilityMs: 2_000, maxReceives: 3 };
const PATIENT = { ...RULES, visibilityMs: 600_000 };
const MODEL_RUNS = 8;

let emulators: readonly Emulator[] = [];
beforeAll(async () => {
  emulators = await Promise.all([startMinistack(), startMoto()]);
});
afterAll(() => Promise.all(emulators.map((emulator) => emulator.stop())));

const openAt =
  (at: 0 | 1, gaps: Pick<QueueFixture, 'takesStaleReceipts' | 'reordersReturned'> = {}): OpenQueue =>
  async ({ patient } = { patient: false }) => {
    const rules = patient ? PATIENT : RULES;
    const config = emulators[at]?.clientConfig ?? {};
    const [client, another] = [new SQSClient(config), new SQSClient(config)];
    const names = ['advance-run', 'start-job', 'send-transaction'] as const;
    const { visibilityMs, maxReceives } = rules;
    const { urls, close } = await makeQueues(client, names, { visibilitySeconds: visibilityMs / 1_000, maxReceives });
    return {
      queue: openSqsQueue({ client, urls, random: systemRandom }),
      another: openSqsQueue({ client: another, urls, random: systemRandom }),
      rules: () => rules,
      exact: false,
      advance: async () => undefined,
      ...gaps,
      close: async () => {
        await close();
        client.destroy();
        another.destroy();
      },
    };
  };

it('lets the trace of a message through to whoever receives it', async () => {
  for (const emulator of emulators) {
    const client = new SQSClient(emulator.clientConfig);
    const { urls, close } = await makeQueues(client, ['start-job'], { visibilitySeconds: 30, maxReceives: 3 });
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    // Alone: neither emulator keeps the trace of a batch.
    const queue = openSqsQueue({ client, urls, random: systemRandom });
    await queue.send('start-job', [{ id: 'a', group: 'g', body: '{}', trace }]);
    expect(await queue.receive('start-job', 1)).toMatchObject([{ id: 'a', trace }]);
    await close();
    client.destroy();
  }
});

queueContract('SQS on ministack', openAt(0), MODEL_RUNS);
queueContract('SQS on moto', openAt(1, { takesStaleReceipts: true, reordersReturned: true }), MODEL_RUNS);
