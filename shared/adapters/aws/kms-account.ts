import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { InvariantError } from '../../errors.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import { addressOf, checkDigest, compactFromDer, publicKeyFromSpki } from '../keys/secp256k1.ts';
import { fromAws } from './aws-errors.ts';

export interface KmsAccountOptions {
  readonly client: KMSClient;
  /** Id, ARN or alias of a key with spec ECC_SECG_P256K1 and usage SIGN_VERIFY. */
  readonly keyId: string;
  readonly bech32Prefix: string;
  /** What the deployment expects; another key's address is refused. */
  readonly address?: string;
}

class KmsAccount implements AccountSigner {
  readonly address: string;
  readonly publicKey: Uint8Array;
  readonly #client: KMSClient;
  readonly #keyId: string;

  constructor({ client, keyId, bech32Prefix }: KmsAccountOptions, publicKey: Uint8Array) {
    this.#client = client;
    this.#keyId = keyId;
    this.publicKey = publicKey;
    this.address = addressOf(publicKey, bech32Prefix);
  }

  async signDigest(digest: Uint8Array): Promise<Uint8Array> {
    checkDigest(digest);
    const signature = compactFromDer(await this.#sign(digest));
    // An alias can be pointed at another key at any time; such a signature would be refused by the chain, after its fee was paid.
    if (secp256k1.verify(signature, digest, this.publicKey, { prehash: false })) return signature;
    throw new InvariantError('kms-signature', `the key of ${this.address} gave a signature that is not its own`, {
      next: 'Find out which key the configured id or alias means now.',
    });
  }

  async #sign(digest: Uint8Array): Promise<Uint8Array> {
    const SigningAlgorithm = 'ECDSA_SHA_256';
    const sign = new SignCommand({ KeyId: this.#keyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm });
    try {
      return (await this.#client.send(sign)).Signature ?? new Uint8Array(0);
    } catch (error) {
      throw fromAws(error, 'sign with a key');
    }
  }
}

/**
 * An account whose private key never leaves KMS. The public key is read once.
 * @throws {InvariantError} `wrong-account` when the key's address is not the expected one, `bad-public-key` for a key of another kind
 */
export const openKmsAccount = async (options: KmsAccountOptions): Promise<AccountSigner> => {
  const { client, keyId, address } = options;
  const account = new KmsAccount(options, publicKeyFromSpki(await readPublicKey(client, keyId)));
  if (address === undefined || account.address === address) return account;
  throw new InvariantError('wrong-account', `the key's account is ${account.address}, configured is ${address}`, {
    next: 'Configure the address of the key, or the key of the address.',
    details: { received: account.address, expected: address },
  });
};

const readPublicKey = async (client: KMSClient, keyId: string): Promise<Uint8Array> => {
  try {
    return (await client.send(new GetPublicKeyCommand({ KeyId: keyId }))).PublicKey ?? new Uint8Array(0);
  } catch (error) {
    throw fromAws(error, 'read a public key');
  }
};
