import { encodeSecp256k1Signature } from '@cosmjs/amino';
import { makeSignBytes, type OfflineDirectSigner } from '@cosmjs/proto-signing';
import { BadInputError } from '../errors.ts';
import type { AccountSigner } from '../ports/signer.ts';
import { sha256 } from '../protocol/sha2.ts';

/** An account as CosmJS wants it, so that its signing clients work with any of our signers. */
export const offlineSigner = (signer: AccountSigner): OfflineDirectSigner => ({
  getAccounts: async () => [{ address: signer.address, algo: 'secp256k1', pubkey: signer.publicKey }],
  signDirect: async (address, signDoc) => {
    if (address !== signer.address) {
      throw new BadInputError('unknown-signer', `asked to sign for ${address}, this is ${signer.address}`);
    }
    const signature = await signer.signDigest(sha256(makeSignBytes(signDoc)));
    return { signed: signDoc, signature: encodeSecp256k1Signature(signer.publicKey, signature) };
  },
});
