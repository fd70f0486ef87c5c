import { afterAll, beforeAll } from 'vitest';
import { openDynamoStore } from '../../../shared/adapters/aws/dynamo-store.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { storeContract } from '../../contracts/store.ts';
import { around, oneAtATime } from '../dynamo-faults.ts';
import { type Emulator, startMinistack, startMoto } from '../emulators.ts';
import { createTable, deleteTable, dynamoClient } from '../table.ts';

for (const [name, start] of [
  ['ministack', startMinistack],
  // moto takes back a refused transaction with all that others wrote meanwhile: requests reach it one by one.
  ['moto, one request at a time', startMoto],
] as const) {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await start();
  });
  afterAll(() => emulator.stop());

  storeContract(`DynamoDB in ${name}`, async () => {
    const clients = [dynamoClient(emulator), dynamoClient(emulator)] as const;
    if (start === startMoto) {
      const attempt = oneAtATime();
      for (const client of clients) around(client, attempt);
    }
    const table = await createTable(clients[0]);
    return {
      store: openDynamoStore({ client: clients[0], table, clock: systemClock, random: systemRandom }),
      another: openDynamoStore({ client: clients[1], table, clock: systemClock, random: systemRandom }),
      close: async () => {
        await deleteTable(clients[0], table);
        for (const client of clients) client.destroy();
      },
    };
  });
}
