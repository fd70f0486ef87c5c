import { nodeSigner } from '../../shared/adapters/local/identity.ts';
import type { NodeSigner } from '../../shared/ports/signer.ts';
import { vrfProve } from '../../shared/protocol/ecvrf.ts';
import { utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import { DENOM, GENESIS_UNES, PREFIX, SIGNER_NAMES } from './chain-under-test.ts';

/** The same keys every time. */
export const namedSigner = (name: string): NodeSigner => {
  const key = (use: string): Uint8Array => sha256(utf8(`${name}/${use}`));
  return nodeSigner(
    { accountKey: key('account'), receiptSeed: key('receipt'), sealingKey: key('seal') },
    PREFIX,
    vrfProve,
  );
};

export const genesisAccounts = () =>
  SIGNER_NAMES.map((name) => ({
    address: namedSigner(name).address,
    coins: [{ denom: DENOM, amount: GENESIS_UNES }],
  }));
