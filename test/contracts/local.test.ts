import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { generateSecrets, nodeSigner } from '../../shared/adapters/local/identity.ts';
import { createKeystore, openKeystore } from '../../shared/adapters/local/keystore.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { systemRandom } from '../../shared/adapters/system/clock.ts';
import { QUEUES } from '../../shared/messages/queues.ts';
import { vrfProve } from '../../shared/protocol/ecvrf.ts';
import { blobsContract } from './blobs.ts';
import { FakeClock, seededRandom } from './fakes.ts';
import { queueContract } from './queue.ts';
import { accountContract, nodeKeysContract, secretsContract } from './signer.ts';
import { storeContract } from './store.ts';

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-contracts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const newPath = (): string => join(folder, `${made++}`);

/** Two connections to one new file. Waiting for the disk changes no semantics and makes hundreds of files slow. */
const openTwo = () => {
  const path = newPath();
  const first = openDatabase(path, { synchronous: 'normal' });
  const second = openDatabase(path, { synchronous: 'normal' });
  const close = async (): Promise<void> => {
    first.close();
    second.close();
    await Promise.all(['', '-wal', '-shm'].map((suffix) => rm(path + suffix, { force: true })));
  };
  return { first, second, close };
};

storeContract('SQLite, two connections to a file', async () => {
  const { first, second, close } = openTwo();
  return { store: openSqliteStore(first), another: openSqliteStore(second), close };
});

storeContract('SQLite in memory', async () => {
  const database = openDatabase(':memory:');
  const close = async (): Promise<void> => database.close();
  return { store: openSqliteStore(database), another: openSqliteStore(database), close };
});

queueContract(
  'SQLite, two connections to a file',
  async () => {
    const { first, second, close } = openTwo();
    const clock = new FakeClock();
    const random = seededRandom(1);
    return {
      queue: openSqliteQueue(first, { clock, random }),
      another: openSqliteQueue(second, { clock, random }),
      rules: (name) => QUEUES[name],
      exact: true,
      advance: async (ms) => clock.advance(ms),
      close,
    };
  },
  60,
);

blobsContract('folder', async () => {
  const path = newPath();
  return {
    blobs: openFileBlobs(path),
    another: openFileBlobs(path),
    corrupt: async (hash) => {
      const file = join(path, hash.slice(0, 2), hash.slice(2, 4), hash);
      await truncate(file, 3);
      await writeFile(file, 'x', { flag: 'a' });
    },
    close: () => rm(path, { recursive: true, force: true }),
  };
});

const openKeystoreFile = async () => {
  const path = newPath();
  const password = 'correct horse';
  await createKeystore({ path, password, random: systemRandom, names: ['node', 'stranger'], bech32Prefix: 'quo' });
  const keystore = await openKeystore({ path, password, ecvrfProve: vrfProve });
  const reopened = await openKeystore({ path, password, ecvrfProve: vrfProve });
  return {
    signer: keystore.node('node'),
    again: reopened.node('node'),
    stranger: keystore.node('stranger'),
    bech32Prefix: 'quo',
    secrets: [keystore.receiptSeed('node')],
    close: () => rm(path),
  };
};

const openInMemory = async () => {
  const secrets = generateSecrets(systemRandom);
  return {
    signer: nodeSigner(secrets, 'cosmos', vrfProve),
    again: nodeSigner(secrets, 'cosmos', vrfProve),
    stranger: nodeSigner(generateSecrets(systemRandom), 'cosmos', vrfProve),
    bech32Prefix: 'cosmos',
    secrets: [secrets.accountKey, secrets.receiptSeed, secrets.sealingKey],
    close: async () => undefined,
  };
};

for (const [name, open] of [
  ['keystore file', openKeystoreFile],
  ['identity in memory', openInMemory],
] as const) {
  accountContract(name, open);
  nodeKeysContract(name, open);
  secretsContract(name, open);
}
