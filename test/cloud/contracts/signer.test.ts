import { hkdfSync, randomUUID } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ed25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKmsAccount } from '../../../shared/adapters/aws/kms-account.ts';
import { openNodeKeys } from '../../../shared/adapters/aws/node-keys.ts';
import { vrfProve } from '../../../shared/protocol/ecvrf.ts';
import { accountContract, nodeKeysContract, secretsContract } from '../../contracts/signer.ts';
import { type Emulator, startMinistack } from '../emulators.ts';

let emulator: Emulator;
let kms: KMSClient;
let secrets: SecretsManagerClient;
beforeAll(async () => {
  emulator = await startMinistack();
  kms = new KMSClient(emulator.clientConfig);
  secrets = new SecretsManagerClient(emulator.clientConfig);
});
afterAll(() => emulator.stop());

const createKey = async (KeySpec: 'ECC_SECG_P256K1' | 'ECC_NIST_P256' = 'ECC_SECG_P256K1'): Promise<string> => {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage: 'SIGN_VERIFY' }));
  return KeyMetadata?.KeyId ?? '';
};

// Not on moto: it hashes the digest once more.
accountContract('KMS in ministack', async () => {
  const keyId = await createKey();
  const [signer, again, stranger] = await Promise.all(
    [keyId, keyId, await createKey()].map((id) => openKmsAccount({ client: kms, keyId: id, bech32Prefix: 'quo' })),
  );
  return { signer: signer!, again: again!, stranger: stranger!, bech32Prefix: 'quo', close: async () => undefined };
});

describe('an account in KMS', () => {
  it('is opened only under its own address', async () => {
    const options = { client: kms, keyId: await createKey(), bech32Prefix: 'quo' };
    const { address } = await openKmsAccount(options);
    expect((await openKmsAccount({ ...options, address })).address).toBe(address);
    const other = await openKmsAccount({ ...options, keyId: await createKey() });
    await expect(openKmsAccount({ ...options, address: other.address })).rejects.toMatchObject({
      family: 'invariant',
      code: 'wrong-account',
      details: { received: address, expected: other.address },
    });
  });

  it('rejects keys of another curve, and keys that are not there', async () => {
    const open = (keyId: string) => openKmsAccount({ client: kms, keyId, bech32Prefix: 'quo' });
    await expect(open(await createKey('ECC_NIST_P256'))).rejects.toMatchObject({ code: 'bad-public-key' });
    await expect(open(randomUUID())).rejects.toMatchObject({ family: 'invariant', code: 'aws-refused' });
  });
});

const NODES = ['quo1node', 'quo1stranger'] as const;

const openDerived = async () => {
  const text = randomUUID() + randomUUID();
  const secretId = `node-keys-${randomUUID()}`;
  await secrets.send(new CreateSecretCommand({ Name: secretId, SecretString: text }));
  const open = () => openNodeKeys({ client: secrets, secretId, addresses: NODES, ecvrfProve: vrfProve });
  const [keys, again] = await Promise.all([open(), open()]);
  const derived = (purpose: string) => new Uint8Array(hkdfSync('sha256', text, '', `quorate/${purpose}/quo1node`, 32));
  return {
    signer: keys.get('quo1node')!,
    again: again.get('quo1node')!,
    stranger: keys.get('quo1stranger')!,
    secrets: [derived('receipt-seed'), derived('sealing-key'), new TextEncoder().encode(text)],
    close: async () => undefined,
  };
};

nodeKeysContract('derived from a secret in ministack', openDerived);
secretsContract('derived from a secret in ministack', openDerived);

describe('derived node keys', () => {
  it('are what HKDF-SHA256 makes of secret, purpose and address, in another implementation too', async () => {
    const text = 'a secret of more than thirty-two characters';
    await secrets.send(new CreateSecretCommand({ Name: 'fixed', SecretString: text }));
    const keys = await openNodeKeys({ client: secrets, secretId: 'fixed', addresses: NODES, ecvrfProve: vrfProve });
    const utf8 = (value: string) => new TextEncoder().encode(value);
    for (const address of NODES) {
      const derive = (purpose: string) =>
        hkdf(sha256, utf8(text), undefined, utf8(`quorate/${purpose}/${address}`), 32);
      const node = keys.get(address)!;
      expect(node.vrfPublicKey).toEqual(ed25519.getPublicKey(derive('receipt-seed')));
      expect(await node.seal(utf8('salt'))).toEqual(hmac(sha256, derive('sealing-key'), utf8('salt')));
    }
  });

  it('reject a short secret, and one that is not there', async () => {
    const open = (secretId: string) =>
      openNodeKeys({ client: secrets, secretId, addresses: NODES, ecvrfProve: vrfProve });
    await secrets.send(new CreateSecretCommand({ Name: 'short', SecretString: 'hunter2' }));
    await expect(open('short')).rejects.toMatchObject({ family: 'invariant', code: 'weak-secret' });
    await expect(open('none')).rejects.toMatchObject({ family: 'invariant', code: 'aws-refused' });
  });
});
