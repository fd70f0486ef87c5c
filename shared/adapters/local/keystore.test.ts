import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../../test/contracts/fakes.ts';
import { accountSigner, generateSecrets } from './identity.ts';
import { createKeystore, openKeystore } from './keystore.ts';

const PASSWORD = 'correct horse battery staple';
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quorate-keystore-'));
  path = join(folder, 'keys', 'keystore.json');
});
afterEach(() => rm(folder, { recursive: true }));

const create = (seed = 1) =>
  createKeystore({ path, password: PASSWORD, random: seededRandom(seed), names: ['n1', 'n2'], bech32Prefix: 'quo' });

const failure = async (work: Promise<unknown>): Promise<Error> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('expected a rejection');
  return error;
};

describe('keystore', () => {
  it('is a file of its owner only, with no secret in it and nothing left beside it', async () => {
    await create();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'keys'))).toEqual(['keystore.json']);
    const text = await readFile(path, 'utf8');
    const keystore = await openKeystore({ path, password: PASSWORD });
    for (const spelling of ['hex', 'base64'] as const) {
      expect(text).not.toContain(Buffer.from(keystore.receiptSeed('n1')).toString(spelling));
    }
  });

  it('opens with its password to the same identities', async () => {
    await create();
    const keystore = await openKeystore({ path, password: PASSWORD });
    expect(keystore.names).toEqual(['n1', 'n2']);
    expect(keystore.account('n1').address).toBe(keystore.node('n1').address);
    expect(keystore.account('n2').address).not.toBe(keystore.account('n1').address);
    expect(Object.keys(keystore.account('n1'))).toEqual(['address', 'publicKey']);
    expect(() => keystore.node('n3')).toThrow(expect.objectContaining({ code: 'unknown-identity' }));
    expect(() => keystore.receiptSeed('n3')).toThrow(expect.objectContaining({ code: 'unknown-identity' }));
  });

  it('rejects a wrong password without saying anything of the secrets or the password', async () => {
    await create();
    const error = await failure(openKeystore({ path, password: 'hunter2-wrong' }));
    expect(error).toMatchObject({ family: 'bad-input', code: 'keystore-password' });
    expect(error.cause).toBeUndefined();
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  it('rejects a file of which anything was changed', async () => {
    await create();
    await chmod(path, 0o600);
    const file = JSON.parse(await readFile(path, 'utf8'));
    const flipped = Buffer.from(file.cipher.text, 'base64');
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const changed = [
      { ...file, names: ['n2', 'n1'] },
      { ...file, bech32Prefix: 'evil' },
      { ...file, cipher: { ...file.cipher, text: flipped.toString('base64') } },
      { ...file, cipher: { ...file.cipher, tag: Buffer.alloc(16).toString('base64') } },
    ];
    for (const forged of changed) {
      await writeFile(path, JSON.stringify(forged));
      expect(await failure(openKeystore({ path, password: PASSWORD }))).toMatchObject({ code: 'keystore-password' });
    }
    const malformed = [
      'secret text that is no JSON',
      '{}',
      JSON.stringify({ ...file, kdf: { ...file.kdf, n: 2 ** 40 } }),
      JSON.stringify({ ...file, kdf: { ...file.kdf, n: 2 ** 15 + 1 } }),
      JSON.stringify({ ...file, cipher: { ...file.cipher, nonce: '' } }),
    ];
    for (const text of malformed) {
      await writeFile(path, text);
      const error = await failure(openKeystore({ path, password: PASSWORD }));
      expect(error).toMatchObject({ code: 'keystore-format' });
      expect(error.cause).toBeUndefined();
    }
  });

  it('rejects what it cannot make or find', async () => {
    expect(await failure(openKeystore({ path, password: PASSWORD }))).toMatchObject({ code: 'keystore-missing' });
    await create();
    const before = await readFile(path, 'utf8');
    expect(await failure(create(2))).toMatchObject({ family: 'bad-input', code: 'keystore-exists' });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(join(folder, 'keys'))).toEqual(['keystore.json']);
    const options = { path: `${path}2`, password: PASSWORD, random: seededRandom(1), bech32Prefix: 'quo' };
    for (const names of [[], ['a', 'a'], ['']]) {
      expect(await failure(createKeystore({ ...options, names }))).toMatchObject({ code: 'keystore-names' });
    }
    const empty = createKeystore({ ...options, password: '', names: ['a'] });
    expect(await failure(empty)).toMatchObject({ code: 'keystore-password' });
  });

  it('gives out the receipt seed as a copy', async () => {
    await create();
    const keystore = await openKeystore({ path, password: PASSWORD });
    const seed = keystore.receiptSeed('n1');
    const bytes = new TextEncoder().encode('receipt');
    const before = await keystore.node('n1').signReceipt(bytes);
    seed.fill(0);
    expect(await keystore.node('n1').signReceipt(bytes)).toEqual(before);
    expect(keystore.receiptSeed('n1')).not.toEqual(seed);
  });

  it('shows no secret in whatever prints it, nor in what a clone carries', async () => {
    await create();
    const keystore = await openKeystore({ path, password: PASSWORD });
    const seed = keystore.receiptSeed('n1');
    const shown = [
      inspect(keystore, { depth: 9, showHidden: true, getters: true }),
      JSON.stringify(keystore),
      JSON.stringify(structuredClone(keystore)),
      inspect(keystore.node('n1'), { depth: 9, showHidden: true }),
      inspect(structuredClone(keystore.node('n1')), { depth: 9, showHidden: true }),
    ].join('\n');
    expect(shown).not.toContain(Buffer.from(seed).toString('hex'));
    expect(shown).not.toContain([...seed.subarray(0, 6)].join(', '));
    expect(shown).not.toContain(PASSWORD);
  });
});

describe('accountSigner', () => {
  it('turns raw signatures of the upper half over and leaves those of the lower half', async () => {
    const { accountKey } = generateSecrets(seededRandom(3));
    const signer = accountSigner(accountKey, 'quo');
    let high = 0;
    for (let i = 0; i < 32; i += 1) {
      const digest = new Uint8Array(32).fill(i + 1);
      const raw = secp256k1.sign(digest, accountKey, { prehash: false, lowS: false });
      const signature = await signer.signDigest(digest);
      const rawIsHigh = secp256k1.Signature.fromBytes(raw).hasHighS();
      if (rawIsHigh) high += 1;
      expect(Buffer.compare(signature, raw) === 0).toBe(!rawIsHigh);
      expect(signature.subarray(0, 32)).toEqual(raw.subarray(0, 32));
    }
    expect(high).toBeGreaterThan(0);
    expect(high).toBeLessThan(32);
  });

  // Known answer: private key 1, whose public key is the generator, BIP-173's hash160 751e76e8199196d454941c45d1b3a323f1433bd6.
  it('has the address that others compute for the same key', () => {
    const one = new Uint8Array(32);
    one[31] = 1;
    expect(accountSigner(one, 'bc').address).toBe('bc1w508d6qejxtdg4y5r3zarvary0c5xw7kj7gz7z');
  });
});
