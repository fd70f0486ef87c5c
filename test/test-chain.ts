import { readFileSync } from 'node:fs';
import { type Devchain, openDevchain } from '../infra/chain/devchain/index.ts';
import { DEVNET } from '../infra/local/settings.ts';
import { nodeSigner } from '../shared/adapters/local/identity.ts';
import type { NodeSigner } from '../shared/ports/signer.ts';
import { vrfProve } from '../shared/protocol/ecvrf.ts';
import { utf8 } from '../shared/protocol/encoding.ts';
import { sha256 } from '../shared/protocol/sha2.ts';

/** What tests on the real contract and the embedded chain share: no scrypt, no clock, the same keys every time. */

export const WASM = readFileSync(new URL('../infra/chain/contract/artifact/quorate.wasm', import.meta.url));
/** What one fault costs a node that was never at fault before. */
export const SLASH_UNES = (DEVNET.nodeBondUnes * BigInt(DEVNET.contract.slash_ppm)) / 1_000_000n;
export const GENESIS_MS = 1_800_000_000_000;

export const testSigner = (name: string): NodeSigner => {
  const key = (use: string): Uint8Array => sha256(utf8(`${name}/${use}`));
  const secrets = { accountKey: key('account'), receiptSeed: key('receipt'), sealingKey: key('seal') };
  return nodeSigner(secrets, DEVNET.bech32Prefix, vrfProve);
};

/** A devchain on which these accounts are funded. @param path SQLite file, or ':memory:' */
export const openTestChain = (path: string, chainId: string, accounts: readonly NodeSigner[]): Devchain =>
  openDevchain({
    path,
    chainId,
    genesis: {
      timeMs: GENESIS_MS,
      balances: accounts.map(({ address }) => ({
        address,
        coins: [{ denom: DEVNET.denom, amount: String(DEVNET.genesisUnes) }],
      })),
      validatorSeed: sha256(utf8('validator')),
    },
    denom: DEVNET.denom,
    minGasPrice: '0.025',
    bech32Prefix: DEVNET.bech32Prefix,
  });

/** Makes blocks whenever something is pending, until the work is done. */
export const mined = async <T>(devchain: Devchain, block: () => void, work: Promise<T>): Promise<T> => {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  // Told below; until then a failure is nobody's.
  done.catch(() => undefined);
  while (!over) {
    if (devchain.pendingCount() > 0) block();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await done;
};
