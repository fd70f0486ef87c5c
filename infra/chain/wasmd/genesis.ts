import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { Wasmd } from './ensure.ts';

export interface GenesisAccount {
  readonly address: string;
  /** Decimal amounts. */
  readonly coins: readonly { readonly denom: string; readonly amount: string }[];
}

/** One unit of voting power is a million of the staking denomination. */
const STAKE = '1000000';

/** Runs wasmd on a node's folder. */
const wasmdOn =
  (wasmd: Wasmd, home: string) =>
  (...args: string[]): Promise<string> =>
    runCommand(wasmd.program, [...args, '--home', home], { env: wasmd.env });

/** Makes a node's keys and default files. @returns its p2p id */
export const initNode = async (wasmd: Wasmd, home: string, chainId: string, denom: string): Promise<string> => {
  const run = wasmdOn(wasmd, home);
  await run('init', 'node', '--chain-id', chainId, '--default-denom', denom);
  return (await run('comet', 'show-node-id')).trim();
};

/** Writes the genesis of a network whose one validator is the node of `home`. @returns the file's bytes */
export const writeGenesis = async (
  wasmd: Wasmd,
  home: string,
  { chainId, denom, accounts }: { chainId: string; denom: string; accounts: readonly GenesisAccount[] },
): Promise<Uint8Array> => {
  const run = wasmdOn(wasmd, home);
  const path = join(home, 'config', 'genesis.json');
  const keyring = ['--keyring-backend', 'test'];
  await run('keys', 'add', 'validator', ...keyring);
  const validator = (await run('keys', 'show', 'validator', '-a', ...keyring)).trim();
  const list = join(home, 'accounts.json');
  const stake = { address: validator, coins: [{ denom, amount: STAKE }] };
  writeFileSync(list, JSON.stringify([...accounts, stake]));
  await run('genesis', 'bulk-add-genesis-account', list);
  withoutInflation(path);
  await run('genesis', 'gentx', 'validator', `${STAKE}${denom}`, '--chain-id', chainId, ...keyring);
  await run('genesis', 'collect-gentxs');
  return readFileSync(path);
};

/** Tests count coins: none may appear by themselves. */
const withoutInflation = (path: string): void => {
  const genesis = JSON.parse(readFileSync(path, 'utf8'));
  const none = '0.000000000000000000';
  const { minter, params } = genesis.app_state.mint;
  minter.inflation = none;
  Object.assign(params, { inflation_rate_change: none, inflation_max: none, inflation_min: none });
  writeFileSync(path, JSON.stringify(genesis));
};
