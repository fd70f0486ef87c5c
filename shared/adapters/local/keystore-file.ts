import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { z } from 'zod';
import { BadInputError } from '../../errors.ts';
import type { Random } from '../../ports/clock.ts';

const KEY_BYTES = 32;

/** Costs about 32 MiB and 0.1 s for each password tried. */
const SCRYPT = { n: 2 ** 15, r: 8, p: 1 } as const;

const base64 = z.base64();

/** What lies in the file. Bounds on the parameters keep a forged file from taking the machine's memory or hours. */
const KeystoreFile = z.strictObject({
  format: z.literal('quorate-keystore/1'),
  bech32Prefix: z.string().min(1),
  /** Identities in the order of their secrets. */
  names: z.array(z.string().min(1)).min(1),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z
      .int()
      .min(2 ** 14)
      .max(2 ** 20)
      .refine((n) => Number.isInteger(Math.log2(n))),
    r: z.int().min(8).max(16),
    p: z.int().min(1).max(4),
    salt: base64,
  }),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), nonce: base64, tag: base64, text: base64 }),
});
type KeystoreFile = z.infer<typeof KeystoreFile>;

type Header = Pick<KeystoreFile, 'format' | 'bech32Prefix' | 'names' | 'kdf'>;

/** What the cipher authenticates besides the secrets: a changed name or parameter does not open. */
const headerBytes = ({ format, bech32Prefix, names, kdf }: Header): Buffer =>
  Buffer.from(JSON.stringify([format, bech32Prefix, names, kdf.name, kdf.n, kdf.r, kdf.p, kdf.salt]));

const deriveKey = (password: string, { n, r, p, salt }: KeystoreFile['kdf']): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 128 * r * (n + p) * 2 };
    // Different keyboards write the same letters differently: NFKC makes them one password.
    scrypt(password.normalize('NFKC'), Buffer.from(salt, 'base64'), KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

const damaged = (): BadInputError =>
  // Without a cause: parsers quote what they could not read.
  new BadInputError('keystore-format', 'the file is not a keystore of quorate, or is damaged', {
    next: 'Give the path of a keystore, or restore it from a backup.',
  });

const parseFile = (text: string): KeystoreFile => {
  try {
    return KeystoreFile.parse(JSON.parse(text));
  } catch {
    throw damaged();
  }
};

/** Encrypts `secrets`. @returns the file's text */
export const sealKeystore = async (
  secrets: Uint8Array,
  {
    password,
    random,
    names,
    bech32Prefix,
  }: { password: string; random: Random; names: string[]; bech32Prefix: string },
): Promise<string> => {
  const kdf = { name: 'scrypt', ...SCRYPT, salt: Buffer.from(random.bytes(32)).toString('base64') } as const;
  const header: Header = { format: 'quorate-keystore/1', bech32Prefix, names, kdf };
  const key = await deriveKey(password, kdf);
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(headerBytes(header));
  const text = Buffer.concat([cipher.update(secrets), cipher.final()]);
  key.fill(0);
  const file: KeystoreFile = {
    ...header,
    cipher: {
      name: 'aes-256-gcm',
      nonce: Buffer.from(nonce).toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      text: text.toString('base64'),
    },
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
};

/**
 * Decrypts a keystore's text. @returns its header and the secrets
 * @throws {BadInputError} `keystore-format`; `keystore-password` when the password, or a changed file, does not open it.
 */
export const unsealKeystore = async (
  fileText: string,
  password: string,
): Promise<{ readonly names: readonly string[]; readonly bech32Prefix: string; readonly secrets: Buffer }> => {
  const file = parseFile(fileText);
  const [nonce, tag, text] = [file.cipher.nonce, file.cipher.tag, file.cipher.text].map((t) =>
    Buffer.from(t, 'base64'),
  );
  if (nonce?.length !== 12 || tag?.length !== 16 || text === undefined) throw damaged();
  const key = await deriveKey(password, file.kdf);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
      .setAAD(headerBytes(file))
      .setAuthTag(tag);
    const secrets = Buffer.concat([decipher.update(text), decipher.final()]);
    return { names: file.names, bech32Prefix: file.bech32Prefix, secrets };
  } catch {
    throw new BadInputError('keystore-password', 'the password does not open the keystore, or the file was changed', {
      next: 'Give the password that the keystore was made with.',
    });
  } finally {
    key.fill(0);
  }
};
