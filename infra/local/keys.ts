import { existsSync } from 'node:fs';
import { createKeystore, type Keystore, openKeystore } from '../../shared/adapters/local/keystore.ts';
import { systemRandom } from '../../shared/adapters/system/clock.ts';
import { vrfProve } from '../../shared/protocol/ecvrf.ts';
import { ACCOUNTS, nodeNames } from './devnet.ts';
import { DEVNET } from './settings.ts';

/** The devnet's keystore, made on first use. */
export const devnetKeys = async (path: string, password: string, bech32Prefix: string): Promise<Keystore> => {
  if (!existsSync(path)) {
    const names = [...ACCOUNTS, ...nodeNames(DEVNET.nodes)];
    await createKeystore({ path, password, random: systemRandom, names, bech32Prefix });
  }
  return await openKeystore({ path, password, ecvrfProve: vrfProve });
};
