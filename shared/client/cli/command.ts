import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { offlineSigner } from '../../chain/offline-signer.ts';
import { BadInputError } from '../../errors.ts';
import { type ChainAccess, chainAccess } from '../chain-access.ts';
import { type Client, createClient } from '../client.ts';
import { type ApiHttp, apiHttp } from '../http.ts';
import { CONFIG_OPTIONS, type Config, type ConfigFlags, loadConfig } from './config.ts';
import type { Io } from './io.ts';
import { EXIT, toJson } from './output.ts';
import { fillFromFaucet, openWallet } from './wallet.ts';

export interface Command {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** @returns the exit code; refusals are thrown */
  readonly run: (args: readonly string[], io: Io) => Promise<number>;
}

export const usage = (message: string, next = "See 'quorate --help'."): BadInputError =>
  new BadInputError('usage', message, { next });

/** Strict options. @throws {BadInputError} `usage`, naming the option */
export const parse = <T extends ParseArgsOptionsConfig>(name: string, args: readonly string[], options: T) => {
  const next = `See 'quorate ${name} --help'.`;
  const all = { ...options, ...CONFIG_OPTIONS, json: { type: 'boolean', default: false } } as const;
  try {
    return parseArgs({ args: [...args], options: all, allowPositionals: true });
  } catch (cause) {
    throw usage(cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : 'unknown option', next);
  }
};

/** Exactly these arguments. @throws {BadInputError} `usage` */
export const expectArguments = (name: string, positionals: readonly string[], names: readonly string[]): string[] => {
  const wanted = names.length === 0 ? 'no argument' : names.join(' ');
  if (positionals.length === names.length) return [...positionals];
  throw usage(
    `'quorate ${name}' takes ${wanted}, received ${positionals.length} arguments`,
    `See 'quorate ${name} --help'.`,
  );
};

/** @throws {BadInputError} `usage` */
export const queryIdOf = (name: string, positionals: readonly string[]): number => {
  const [text = ''] = expectArguments(name, positionals, ['ID']);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usage(`'${text}' is no query id: decimal digits are expected`, `See 'quorate ${name} --help'.`);
};

/** Prints what a command found: as one JSON document, or as lines for people. */
export const show = (io: Io, json: boolean, value: unknown, lines: () => readonly string[]): number => {
  if (json) io.out(toJson(value));
  else for (const line of lines()) io.out(line);
  return EXIT.ok;
};

export interface Session {
  readonly config: Config;
  readonly api: ApiHttp;
  readonly access: ChainAccess;
  /** Reads only. */
  client(): Client;
  /** With the wallet, made and filled where that may be. */
  payingClient(): Promise<Client>;
}

export const openSession = async (io: Io, flags: ConfigFlags): Promise<Session> => {
  const config = await loadConfig(io, flags);
  const { apiUrl, rpcUrl, contract, denom, gasPrice, apiKey } = config;
  const keyed = apiKey === undefined ? {} : { apiKey };
  const base = { apiUrl, rpcUrl, contract, denom, gasPrice, ...keyed, clock: io.clock, fetch: io.fetch };
  const access = chainAccess(base);
  return {
    config,
    api: apiHttp(apiUrl, io.fetch, apiKey),
    access,
    client: () => createClient(base),
    payingClient: async () => {
      const chain = await access.chain();
      const signer = await openWallet(io, config);
      await fillFromFaucet(io, config, chain, signer.address);
      return createClient({ ...base, signer: offlineSigner(signer) });
    },
  };
};
