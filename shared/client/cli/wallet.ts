import { join } from 'node:path';
import { fromBech32 } from '@cosmjs/encoding';
import { createKeystore, openKeystore } from '../../adapters/local/keystore.ts';
import { BadInputError, TransientError } from '../../errors.ts';
import type { Chain } from '../../ports/chain.ts';
import type { Random } from '../../ports/clock.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import type { Config } from './config.ts';
import type { Io } from './io.ts';

/** Documented in `quorate ask --help`: on a devnet the tokens guard nothing, so neither must the password. */
export const DEVNET_WALLET_PASSWORD = 'quorate devnet wallet: guards nothing';
const NAME = 'wallet';

/** A new wallet in an encrypted file. @throws {BadInputError} `keystore-exists`, `keystore-password` */
export const createWalletFile = async (
  file: WalletFile & { readonly random: Random; readonly bech32Prefix: string },
): Promise<AccountSigner> => {
  await createKeystore({ ...file, names: [NAME] });
  return await openWalletFile(file);
};

export interface WalletFile {
  readonly path: string;
  readonly password: string;
}

/** @throws {BadInputError} `keystore-missing`, `keystore-password`, `keystore-format` */
export const openWalletFile = async (file: WalletFile): Promise<AccountSigner> =>
  (await openKeystore(file)).account(NAME);

export const walletPath = ({ home }: Config): string => join(home, 'wallet.json');

const passwordOf = (io: Io, config: Config): string => {
  const password = io.env.QUORATE_PASSWORD ?? (config.isDevnet ? DEVNET_WALLET_PASSWORD : undefined);
  if (password) return password;
  throw new BadInputError('no-password', 'the wallet needs a password, and QUORATE_PASSWORD is not set', {
    next: 'Set QUORATE_PASSWORD to the password of the wallet; a new wallet is made with it.',
  });
};

/** Accounts of a chain share the prefix of its contracts. */
const prefixOf = (contract: string): string => {
  try {
    return fromBech32(contract, 128).prefix;
  } catch {
    throw new BadInputError('bad-contract', `'${contract}' is no bech32 address of a contract`, {
      next: 'Correct --contract or QUORATE_CONTRACT.',
    });
  }
};

/**
 * The wallet, made on first use.
 * @throws {BadInputError} `no-password`, `keystore-password`, `keystore-format`
 */
export const openWallet = async (io: Io, config: Config): Promise<AccountSigner> => {
  const path = walletPath(config);
  const password = passwordOf(io, config);
  if (io.exists(path)) return await openWalletFile({ path, password });
  const wallet = await createWalletFile({ path, password, random: io.random, bech32Prefix: prefixOf(config.contract) });
  io.err(`made a new wallet at ${path}: keep it and its password`);
  return wallet;
};

/** On a devnet an empty wallet is filled by the faucet; elsewhere nothing happens. @throws {TransientError} `faucet-failed` */
export const fillFromFaucet = async (io: Io, config: Config, chain: Chain, address: string): Promise<void> => {
  if (config.faucetUrl === undefined || (await chain.balanceUnes(address)) > 0n) return;
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address }),
  };
  const status = await io.fetch(config.faucetUrl, init).then(
    (response) => response.status,
    () => 0,
  );
  if (status === 200) io.err(`the devnet's faucet filled the wallet ${address}`);
  else {
    throw new TransientError('faucet-failed', `the devnet's faucet did not fill the wallet ${address}`, {
      next: 'Check that the devnet runs, then try again.',
      details: { status },
    });
  }
};
