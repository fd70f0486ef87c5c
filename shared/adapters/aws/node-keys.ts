import { hkdfSync } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { InvariantError } from '../../errors.ts';
import type { NodeKeys } from '../../ports/signer.ts';
import { type EcvrfProve, nodeKeys } from '../keys/node-keys.ts';
import { fromAws } from './aws-errors.ts';

/** Of letters and digits, 190 bits: below it an offline search would not be out of the question. */
const MIN_SECRET_CHARS = 32;

export interface NodeKeysOptions {
  readonly client: SecretsManagerClient;
  /** Name or ARN of a secret of random text. */
  readonly secretId: string;
  /** Of the nodes, bech32. */
  readonly addresses: readonly string[];
  readonly ecvrfProve: EcvrfProve;
}

/**
 * The keys of nodes by address, each derived from one secret: HKDF-SHA256 (RFC 5869) without salt, info
 * `quorate/<purpose>/<address>`, purposes `receipt-seed` and `sealing-key`. The same secret and address give the same keys for ever:
 * a new secret means new VRF keys, which must be registered on chain.
 * @throws {InvariantError} `weak-secret`; and as {@link fromAws}
 */
export const openNodeKeys = async ({
  client,
  secretId,
  addresses,
  ecvrfProve,
}: NodeKeysOptions): Promise<ReadonlyMap<string, NodeKeys>> => {
  const secret = await readSecret(client, secretId);
  const derive = (purpose: string, address: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, '', `quorate/${purpose}/${address}`, 32));
  return new Map(
    addresses.map((address) => {
      const secrets = { receiptSeed: derive('receipt-seed', address), sealingKey: derive('sealing-key', address) };
      return [address, nodeKeys(address, secrets, ecvrfProve)];
    }),
  );
};

const readSecret = async (client: SecretsManagerClient, secretId: string): Promise<string> => {
  try {
    const { SecretString: secret = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (secret.length >= MIN_SECRET_CHARS) return secret;
    throw new InvariantError(
      'weak-secret',
      `the secret of the nodes' keys has ${secret.length} characters, expected at least ${MIN_SECRET_CHARS}`,
      { next: 'Let the data stack generate it.' },
    );
  } catch (error) {
    throw fromAws(error, "read the secret of the nodes' keys");
  }
};
