import { link, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { dirname, join as joinPath } from 'node:path';
import { BadInputError } from '../../errors.ts';
import type { Random } from '../../ports/clock.ts';
import type { AccountSigner, NodeSigner } from '../../ports/signer.ts';
import type { EcvrfProve } from '../keys/node-keys.ts';
import { accountSigner, generateSecrets, type IdentitySecrets, nodeSigner } from './identity.ts';
import { sealKeystore, unsealKeystore } from './keystore-file.ts';

const SECRET_BYTES = 32;
/** Account key, receipt seed and sealing key, one after another. */
const IDENTITY_BYTES = 3 * SECRET_BYTES;

/** An opened keystore. Its secrets are in private fields: nothing that prints or clones it shows them. */
export interface Keystore {
  readonly names: readonly string[];
  /** @throws {BadInputError} `unknown-identity` */
  node(name: string): NodeSigner;
  /** The same identity as `node`, for whoever only sends transactions. @throws {BadInputError} `unknown-identity` */
  account(name: string): AccountSigner;
  /**
   * A copy of the identity's Ed25519 seed, 32 bytes: the one secret that leaves the keystore, for the worker thread that
   * signs this node's receipts. Pass it by `workerData` or a message port and nowhere else; it also makes the node's VRF
   * proofs. @throws {BadInputError} `unknown-identity`
   */
  receiptSeed(name: string): Uint8Array;
}

class OpenedKeystore implements Keystore {
  readonly names: readonly string[];
  readonly #secrets: ReadonlyMap<string, IdentitySecrets>;
  readonly #bech32Prefix: string;
  readonly #ecvrfProve: EcvrfProve | undefined;

  constructor(secrets: ReadonlyMap<string, IdentitySecrets>, bech32Prefix: string, ecvrfProve: EcvrfProve | undefined) {
    this.names = [...secrets.keys()];
    this.#secrets = secrets;
    this.#bech32Prefix = bech32Prefix;
    this.#ecvrfProve = ecvrfProve;
  }

  node(name: string): NodeSigner {
    return nodeSigner(this.#of(name), this.#bech32Prefix, this.#ecvrfProve);
  }

  account(name: string): AccountSigner {
    return accountSigner(this.#of(name).accountKey, this.#bech32Prefix);
  }

  receiptSeed(name: string): Uint8Array {
    return this.#of(name).receiptSeed.slice();
  }

  #of(name: string): IdentitySecrets {
    const secrets = this.#secrets.get(name);
    if (secrets) return secrets;
    throw new BadInputError(
      'unknown-identity',
      `no identity '${name}' in the keystore: it has ${this.names.join(', ')}`,
      {
        details: { name, names: this.names },
      },
    );
  }
}

const join = ({ accountKey, receiptSeed, sealingKey }: IdentitySecrets): Buffer =>
  Buffer.concat([accountKey, receiptSeed, sealingKey]);

const split = (bytes: Buffer, index: number): IdentitySecrets => {
  const part = (position: number): Uint8Array => {
    const start = index * IDENTITY_BYTES + position * SECRET_BYTES;
    return new Uint8Array(bytes.subarray(start, start + SECRET_BYTES));
  };
  return { accountKey: part(0), receiptSeed: part(1), sealingKey: part(2) };
};

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Puts the whole file in place, or nothing; never over another. A link, unlike a rename, fails when the name is taken. */
const writeNew = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(`${path}.new-`);
  const file = await open(joinPath(folder, 'keystore'), 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await link(joinPath(folder, 'keystore'), path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new BadInputError('keystore-exists', `a keystore is already at ${path}`, {
      next: 'Open it, or give another path: keys are never overwritten.',
    });
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
  const parent = await open(dirname(path), 'r');
  await parent.sync().finally(() => parent.close());
};

/**
 * Makes an encrypted keystore with new keys for each name, readable by its owner only.
 * @throws {BadInputError} `keystore-exists`, `keystore-names` (none, or one twice), `keystore-password` (empty)
 */
export const createKeystore = async (options: {
  readonly path: string;
  readonly password: string;
  readonly random: Random;
  readonly names: readonly string[];
  readonly bech32Prefix: string;
}): Promise<void> => {
  const names = [...options.names];
  if (names.length === 0 || new Set(names).size < names.length || names.includes('')) {
    throw new BadInputError('keystore-names', 'a keystore needs at least one name, each once', { details: { names } });
  }
  if (options.password === '') throw new BadInputError('keystore-password', 'the password of a keystore is empty');
  const secrets = Buffer.concat(names.map(() => join(generateSecrets(options.random))));
  try {
    await writeNew(options.path, await sealKeystore(secrets, { ...options, names }));
  } finally {
    secrets.fill(0);
  }
};

/**
 * Opens a keystore. Without `ecvrfProve` its nodes sign and seal, but cannot prove.
 * @throws {BadInputError} `keystore-missing`, `keystore-format` or `keystore-password`
 */
export const openKeystore = async (options: {
  readonly path: string;
  readonly password: string;
  readonly ecvrfProve?: EcvrfProve;
}): Promise<Keystore> => {
  const text = await readFile(options.path, 'utf8').catch((cause: unknown) => {
    throw new BadInputError('keystore-missing', `no keystore can be read at ${options.path}`, {
      next: 'Make one first, or give its path.',
      cause,
    });
  });
  const { names, bech32Prefix, secrets } = await unsealKeystore(text, options.password);
  const identities = new Map(names.map((name, index) => [name, split(secrets, index)]));
  secrets.fill(0);
  return new OpenedKeystore(identities, bech32Prefix, options.ecvrfProve);
};
