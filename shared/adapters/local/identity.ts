import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Random } from '../../ports/clock.ts';
import type { AccountSigner, NodeKeys, NodeSigner } from '../../ports/signer.ts';
import { type EcvrfProve, type NodeSecrets, nodeKeys } from '../keys/node-keys.ts';
import { addressOf, checkDigest } from '../keys/secp256k1.ts';

/** The private half of an identity, 32 bytes each. Never log, send or store it but through the keystore. */
export interface IdentitySecrets extends NodeSecrets {
  readonly accountKey: Uint8Array;
}

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
    checkDigest(digest);
    return secp256k1.sign(digest, this.#accountKey, { prehash: false, lowS: true, format: 'compact' });
  }
}

class NodeIdentity extends Account implements NodeSigner {
  readonly vrfPublicKey: Uint8Array;
  readonly #keys: NodeKeys;

  constructor(secrets: IdentitySecrets, bech32Prefix: string, ecvrfProve: EcvrfProve | undefined) {
    super(secrets.accountKey, bech32Prefix);
    this.#keys = nodeKeys(this.address, secrets, ecvrfProve);
    this.vrfPublicKey = this.#keys.vrfPublicKey;
  }

  async prove(alpha: Uint8Array): Promise<{ readonly proof: Uint8Array; readonly beta: Uint8Array }> {
    return await this.#keys.prove(alpha);
  }

  async signReceipt(bytes: Uint8Array): Promise<Uint8Array> {
    return await this.#keys.signReceipt(bytes);
  }

  async seal(message: Uint8Array): Promise<Uint8Array> {
    return await this.#keys.seal(message);
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
