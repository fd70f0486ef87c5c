import { createHash, createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { toBech32 } from '@cosmjs/encoding';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { BadInputError, InvariantError } from '../../errors.ts';
import type { Random } from '../../ports/clock.ts';
import type { AccountSigner, NodeSigner } from '../../ports/signer.ts';

/** Proves `alpha` under an Ed25519 seed: `vrfProve` of shared/protocol, injected since adapters import ports only. */
export type EcvrfProve = (
  seed: Uint8Array,
  alpha: Uint8Array,
) => { readonly proof: Uint8Array; readonly beta: Uint8Array };

/** The private half of an identity, 32 bytes each. Never log, send or store it but through the keystore. */
export interface IdentitySecrets {
  readonly accountKey: Uint8Array;
  /** Ed25519 seed (RFC 8032): VRF proofs and receipts. */
  readonly receiptSeed: Uint8Array;
  readonly sealingKey: Uint8Array;
}

/** An Ed25519 seed in PKCS #8 (RFC 8410) is this prefix and the seed. */
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const ed25519Key = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519_PREFIX, seed]), format: 'der', type: 'pkcs8' });

const ed25519PublicBytes = (privateKey: KeyObject): Uint8Array => {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x ?? '', 'base64url'));
};

/** Cosmos address: bech32 of RIPEMD-160 of SHA-256 of the compressed public key. */
const addressOf = (publicKey: Uint8Array, bech32Prefix: string): string =>
  toBech32(bech32Prefix, ripemd160(createHash('sha256').update(publicKey).digest()));

/** Private halves are #fields: no inspection, JSON or structured clone shows them. */
class Account implements AccountSigner {
  readonly address: string;
  readonly publicKey: Uint8Array;
  readonly #accountKey: Uint8Array;

  constructor(accountKey: Uint8Array, bech32Prefix: string) {
    this.#accountKey = accountKey;
    this.publicKey = secp256k1.getPublicKey(accountKey, true);
    this.address = addressOf(this.publicKey, bech32Prefix);
  }

  async signDigest(digest: Uint8Array): Promise<Uint8Array> {
    if (digest.length !== 32) {
      throw new BadInputError('bad-digest', `a digest of ${digest.length} bytes, expected 32`);
    }
    return secp256k1.sign(digest, this.#accountKey, { prehash: false, lowS: true, format: 'compact' });
  }
}

class NodeIdentity extends Account implements NodeSigner {
  readonly vrfPublicKey: Uint8Array;
  readonly #receiptKey: KeyObject;
  readonly #secrets: IdentitySecrets;
  readonly #ecvrfProve: EcvrfProve | undefined;

  constructor(secrets: IdentitySecrets, bech32Prefix: string, ecvrfProve: EcvrfProve | undefined) {
    super(secrets.accountKey, bech32Prefix);
    this.#secrets = secrets;
    this.#ecvrfProve = ecvrfProve;
    this.#receiptKey = ed25519Key(secrets.receiptSeed);
    this.vrfPublicKey = ed25519PublicBytes(this.#receiptKey);
  }

  async prove(alpha: Uint8Array): Promise<{ readonly proof: Uint8Array; readonly beta: Uint8Array }> {
    if (!this.#ecvrfProve) throw new InvariantError('no-ecvrf', 'the signer was opened without a function for proofs');
    return this.#ecvrfProve(this.#secrets.receiptSeed, alpha);
  }

  async signReceipt(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(sign(null, bytes, this.#receiptKey));
  }

  async seal(message: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(createHmac('sha256', this.#secrets.sealingKey).update(message).digest());
  }
}

/** New private keys. */
export const generateSecrets = (random: Random): IdentitySecrets => ({
  // 48 bytes reduced into the group's order: no bias, and no value that is not a key.
  accountKey: secp256k1.utils.randomSecretKey(random.bytes(48)),
  receiptSeed: random.bytes(32),
  sealingKey: random.bytes(32),
});

/** The signer of an account that only sends transactions. */
export const accountSigner = (accountKey: Uint8Array, bech32Prefix: string): AccountSigner =>
  new Account(accountKey, bech32Prefix);

/** The signer of a node. Without `ecvrfProve` it signs and seals, but cannot prove. */
export const nodeSigner = (secrets: IdentitySecrets, bech32Prefix: string, ecvrfProve?: EcvrfProve): NodeSigner =>
  new NodeIdentity(secrets, bech32Prefix, ecvrfProve);
