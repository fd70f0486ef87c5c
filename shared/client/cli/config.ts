import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BadInputError } from '../../errors.ts';
import type { Io } from './io.ts';

const Devnet = z.object({
  apiUrl: z.string(),
  rpcUrl: z.string(),
  chainId: z.string(),
  contract: z.string(),
  denom: z.string(),
  gasPrice: z.string(),
  faucetUrl: z.string().optional(),
});
type Devnet = z.infer<typeof Devnet>;

export interface Config {
  readonly apiUrl: string;
  readonly rpcUrl: string;
  readonly contract: string;
  readonly denom: string;
  readonly gasPrice: string;
  /** Of a tenant. From the environment only: arguments are seen by everybody on a machine. */
  readonly apiKey: string | undefined;
  /** Chain id that is expected, if any is known. */
  readonly chainId: string | undefined;
  /** Of a local devnet, and only while chain and API are that devnet's: there a wallet fills itself. */
  readonly faucetUrl: string | undefined;
  /** The tokens are worth nothing: a default password may guard them. */
  readonly isDevnet: boolean;
  readonly home: string;
}

/** Options of every command that reaches a deployment. */
export const CONFIG_OPTIONS = {
  api: { type: 'string' },
  rpc: { type: 'string' },
  contract: { type: 'string' },
  denom: { type: 'string' },
  'gas-price': { type: 'string' },
  home: { type: 'string' },
} as const;

export const CONFIG_HELP = `  --api URL         API of the deployment            (QUORATE_API)
  --rpc URL         CometBFT RPC that you trust      (QUORATE_RPC)
  --contract ADDR   the contract                     (QUORATE_CONTRACT)
  --denom DENOM     what fees are paid in            (QUORATE_DENOM)
  --gas-price PRICE such as 0.025unes                (QUORATE_GAS_PRICE)
  --home DIR        devnet.json and wallet.json      (QUORATE_HOME, default .quorate)
                    key of a tenant of it            (QUORATE_API_KEY)`;

export type ConfigFlags = { readonly [name in keyof typeof CONFIG_OPTIONS]?: string | undefined };

export const homeOf = (io: Io, flags: { readonly home?: string | undefined }): string =>
  resolve(io.cwd, flags.home ?? io.env.QUORATE_HOME ?? '.quorate');

const devnetOf = async (io: Io, path: string): Promise<Devnet | undefined> => {
  if (!io.exists(path)) return undefined;
  try {
    return Devnet.parse(JSON.parse(new TextDecoder().decode(await io.read(path))));
  } catch {
    throw new BadInputError('config-invalid', `the file ${path} is not a devnet's configuration`, {
      next: "Delete it and start the devnet again with 'quorate devnet'.",
    });
  }
};

/**
 * Flags over environment over the file that a local devnet writes.
 * @throws {BadInputError} `not-configured`, naming everything that is missing
 */
export const loadConfig = async (io: Io, flags: ConfigFlags): Promise<Config> => {
  const home = homeOf(io, flags);
  const devnet = await devnetOf(io, join(home, 'devnet.json'));
  const { env } = io;
  const values = {
    apiUrl: flags.api ?? env.QUORATE_API ?? devnet?.apiUrl,
    rpcUrl: flags.rpc ?? env.QUORATE_RPC ?? devnet?.rpcUrl,
    contract: flags.contract ?? env.QUORATE_CONTRACT ?? devnet?.contract,
    denom: flags.denom ?? env.QUORATE_DENOM ?? devnet?.denom,
    gasPrice: flags['gas-price'] ?? env.QUORATE_GAS_PRICE ?? devnet?.gasPrice,
  };
  const missing = Object.entries(values)
    .filter(([, value]) => value === undefined)
    .map(([name]) => name);
  const { apiUrl, rpcUrl, contract, denom, gasPrice } = values;
  if (!apiUrl || !rpcUrl || !contract || !denom || !gasPrice) {
    throw new BadInputError('not-configured', `no deployment is configured: ${missing.join(', ')} missing`, {
      next: "Start a devnet with 'quorate devnet' in this folder, or give --api, --rpc, --contract, --denom and --gas-price.",
      details: { missing, home },
    });
  }
  const isDevnet = devnet !== undefined && rpcUrl === devnet.rpcUrl && contract === devnet.contract;
  return {
    apiUrl,
    rpcUrl,
    contract,
    denom,
    gasPrice,
    apiKey: env.QUORATE_API_KEY,
    chainId: env.QUORATE_CHAIN_ID ?? (isDevnet ? devnet.chainId : undefined),
    faucetUrl: isDevnet ? devnet.faucetUrl : undefined,
    isDevnet,
    home,
  };
};
