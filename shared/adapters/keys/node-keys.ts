import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { InvariantError } from '../../errors.ts';
import type { NodeKeys } from '../../ports/signer.ts';

/** Proves `alpha` under an Ed25519 seed: `vrfProve` of shared/protocol, injected since adapters import ports only. */
export type EcvrfProve = (
  seed: Uint8Array,
  alpha: Uint8Array,
) => { readonly proof: Uint8Array; readonly beta: Uint8Array };

/** The private half of what a node works with, 32 bytes each. Never log or send it. */
export interface NodeSecrets {
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

/** Private halves are #fields: no inspection, JSON or structured clone shows them. */
class KeysInMemory implements NodeKeys {
  readonly address: string;
  readonly vrfPublicKey: Uint8Array;
  readonly #receiptKey: KeyObject;
  readonly #secrets: NodeSecrets;
  readonly #ecvrfProve: EcvrfProve | undefined;

  constructor(address: string, secrets: NodeSecrets, ecvrfProve: EcvrfProve | undefined) {
    this.address = address;
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

/** The keys of the node with this address. Without `ecvrfProve` they sign and seal, but cannot prove. */
export const nodeKeys = (address: string, secrets: NodeSecrets, ecvrfProve?: EcvrfProve): NodeKeys =>
  new KeysInMemory(address, secrets, ecvrfProve);
