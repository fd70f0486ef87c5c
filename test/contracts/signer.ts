import { createHash, createPublicKey, verify } from 'node:crypto';
import { inspect } from 'node:util';
import { fromBech32 } from '@cosmjs/encoding';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountSigner, NodeKeys } from '../../shared/ports/signer.ts';
import { vrfVerify } from '../../shared/protocol/ecvrf.ts';

export interface SignerFixture<S> {
  readonly signer: S;
  /** The same identity, opened anew. */
  readonly again: S;
  readonly stranger: S;
  close(): Promise<void>;
}

export interface AccountFixture extends SignerFixture<AccountSigner> {
  readonly bech32Prefix: string;
}

export interface SecretsFixture extends SignerFixture<object> {
  /** Private bytes as the test knows them, to look for in what the signer shows. */
  readonly secrets: readonly Uint8Array[];
}

const HALF_ORDER = secp256k1.Point.Fn.ORDER / 2n;

const digestOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
const sOf = (signature: Uint8Array): bigint => BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);

const verifyEd25519 = (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean => {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(null, bytes, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
};

/** Everything that a careless line of code could print of an object. */
const shownBy = (value: object): string =>
  [
    JSON.stringify(value),
    inspect(value, { showHidden: true, depth: 10, getters: true }),
    String(value),
    JSON.stringify(Object.getOwnPropertyDescriptors(value)),
  ].join('\n');

const spellings = (secret: Uint8Array): string[] => [
  Buffer.from(secret).toString('hex'),
  Buffer.from(secret).toString('base64').replaceAll('=', ''),
  [...secret].join(','),
  [...secret].join(', '),
  inspect(secret).slice(inspect(secret).indexOf('[') + 1, -1),
];

/** The promises of {@link AccountSigner}, for any adapter. */
export const accountContract = (name: string, open: () => Promise<AccountFixture>): void => {
  describe(`account contract: ${name}`, () => {
    let fixture: AccountFixture;
    let signer: AccountSigner;
    beforeEach(async () => {
      fixture = await open();
      signer = fixture.signer;
    });
    afterEach(() => fixture.close());

    it('has the address of its public key', () => {
      expect(signer.publicKey).toHaveLength(33);
      const { prefix, data } = fromBech32(signer.address, 90);
      expect(prefix).toBe(fixture.bech32Prefix);
      expect(Buffer.from(data)).toEqual(Buffer.from(ripemd160(createHash('sha256').update(signer.publicKey).digest())));
    });

    it('is the same account when opened again, and no other', () => {
      const { again, stranger } = fixture;
      expect([again.address, again.publicKey]).toEqual([signer.address, signer.publicKey]);
      expect(stranger.address).not.toBe(signer.address);
    });

    it('signs digests with low s only, whichever half the raw signature is in', async () => {
      // Half of all raw signatures have a high s: of 64, none high by chance is one in 2^64.
      for (let i = 0; i < 64; i += 1) {
        const digest = digestOf(`digest ${i}`);
        const signature = await signer.signDigest(digest);
        expect(signature).toHaveLength(64);
        expect(sOf(signature) <= HALF_ORDER).toBe(true);
        expect(secp256k1.verify(signature, digest, signer.publicKey, { prehash: false, lowS: true })).toBe(true);
        expect(secp256k1.verify(signature, digest, fixture.stranger.publicKey, { prehash: false })).toBe(false);
      }
    });

    it('rejects what is no digest', async () => {
      await expect(signer.signDigest(new Uint8Array(31))).rejects.toMatchObject({ code: 'bad-digest' });
    });
  });
};

/** The promises of {@link NodeKeys}, for any adapter. */
export const nodeKeysContract = (name: string, open: () => Promise<SignerFixture<NodeKeys>>): void => {
  describe(`node keys contract: ${name}`, () => {
    let fixture: SignerFixture<NodeKeys>;
    let signer: NodeKeys;
    beforeEach(async () => {
      fixture = await open();
      signer = fixture.signer;
    });
    afterEach(() => fixture.close());

    it('are the same keys when opened again, and nobody else has them', () => {
      const { again, stranger } = fixture;
      expect([again.address, again.vrfPublicKey]).toEqual([signer.address, signer.vrfPublicKey]);
      expect(stranger.address).not.toBe(signer.address);
      expect(stranger.vrfPublicKey).not.toEqual(signer.vrfPublicKey);
    });

    it('signs receipts that a stranger verifies', async () => {
      for (const text of ['', 'receipt', 'x'.repeat(10_000)]) {
        const bytes = new TextEncoder().encode(text);
        const signature = await signer.signReceipt(bytes);
        expect(signature).toHaveLength(64);
        expect(verifyEd25519(signer.vrfPublicKey, bytes, signature)).toBe(true);
        expect(verifyEd25519(fixture.stranger.vrfPublicKey, bytes, signature)).toBe(false);
        expect(await fixture.again.signReceipt(bytes)).toEqual(signature);
      }
    });

    it('seals the same message the same way for ever, and as nobody else does', async () => {
      const message = new TextEncoder().encode('salt of query 7');
      const salt = await signer.seal(message);
      expect(salt).toHaveLength(32);
      expect(await fixture.again.seal(message)).toEqual(salt);
      expect(await fixture.stranger.seal(message)).not.toEqual(salt);
      expect(await signer.seal(new TextEncoder().encode('salt of query 8'))).not.toEqual(salt);
    });

    it('proves draws that verify under its public key only', async () => {
      const alpha = digestOf('alpha');
      const { proof, beta } = await signer.prove(alpha);
      expect([proof.length, beta.length]).toEqual([80, 64]);
      expect(vrfVerify(signer.vrfPublicKey, alpha, proof)).toEqual(beta);
      expect(vrfVerify(fixture.stranger.vrfPublicKey, alpha, proof)).toBeUndefined();
      expect(await fixture.again.prove(alpha)).toEqual({ proof, beta });
    });
  });
};

/** What holds of every signer that has private bytes in memory. */
export const secretsContract = (name: string, open: () => Promise<SecretsFixture>): void => {
  it(`shows no secret, however it is printed: ${name}`, async () => {
    const { signer, secrets, close } = await open();
    const shown = shownBy(signer);
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of secrets) {
      for (const spelling of spellings(secret)) expect(shown).not.toContain(spelling);
    }
    await close();
  });
};
