import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { Io } from '../../../shared/client/cli/io.ts';
import { EXIT, toJson } from '../../../shared/client/cli/output.ts';
import { createWalletFile, openWalletFile } from '../../../shared/client/cli/wallet.ts';
import { BadInputError } from '../../../shared/errors.ts';
import type { AccountSigner } from '../../../shared/ports/signer.ts';
import { readConfig } from '../read-config.ts';
import { exportAll } from './export.ts';
import { laneAddress } from './lane.ts';
import { COMMIT_MS, installModel, publishModel, windowsOf } from './model.ts';
import { enlistNodes } from './nodes.ts';
import { type Operation, openOperation } from './operation.ts';
import { redrive } from './redrive.ts';
import { lookAt, type StatusReport } from './status.ts';
import { addTenant } from './tenant.ts';
import { writeFields } from './write-fields.ts';

export interface Command {
  /** Arguments and options, for the help. */
  readonly usage: string;
  readonly summary: string;
  readonly run: (args: readonly string[], io: Io) => Promise<number>;
}

const usage = (message: string): BadInputError =>
  new BadInputError('usage', message, { next: "See 'npm run cloud -- --help'." });

const parse = <T extends ParseArgsOptionsConfig>(args: readonly string[], count: number, options: T) => {
  try {
    const all = { ...options, config: { type: 'string', short: 'c' }, json: { type: 'boolean' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], options: all, allowPositionals: true });
    if (positionals.length === count) return { values, positionals };
    throw usage(`${count} arguments are expected, received ${positionals.length}`);
  } catch (cause) {
    if (cause instanceof BadInputError) throw cause;
    throw usage(cause instanceof Error ? cause.message : 'unknown option');
  }
};

const configPath = (path: string | undefined): string => {
  if (path !== undefined) return path;
  throw usage('no configuration: expected -c FILE');
};

const open = (path: string | undefined): Operation => openOperation(readConfig(configPath(path)));

const passwordOf = (io: Io): string => {
  const password = io.env.QUORATE_PASSWORD;
  if (password) return password;
  throw new BadInputError('no-password', 'a wallet needs its password, and QUORATE_PASSWORD is not set', {
    next: 'Set QUORATE_PASSWORD.',
  });
};

const walletsOf = (io: Io, paths: readonly string[] | undefined): Promise<AccountSigner[]> => {
  if (paths === undefined) throw usage('no wallet: expected --wallet FILE, once for each');
  return Promise.all(paths.map((path) => openWalletFile({ path, password: passwordOf(io) })));
};

const WALLETS = { wallet: { type: 'string', multiple: true } } as const;

const lane: Command = {
  usage: 'lane -c FILE [--write]',
  summary: "print the lane's address, and write it into the configuration",
  run: async (args, io) => {
    const { values } = parse(args, 0, { write: { type: 'boolean' } });
    const address = await laneAddress(open(values.config));
    if (values.write) writeFields(configPath(values.config), { lane: { address } });
    io.out(address);
    return EXIT.ok;
  },
};

const MODEL_OPTIONS = {
  ...WALLETS,
  price: { type: 'string' },
  register: { type: 'boolean' },
  'commit-seconds': { type: 'string', default: String(COMMIT_MS / 1_000) },
} as const;

const model: Command = {
  usage: 'model -c FILE [--price UNES] [--register --wallet FILE [--commit-seconds N]]',
  summary: 'put the recogniser into the bucket and print its id; register it with the contract',
  run: async (args, io) => {
    const { values } = parse(args, 0, MODEL_OPTIONS);
    if (values.price !== undefined && !/^[1-9]\d{0,29}$/.test(values.price)) {
      throw usage(`--price takes a whole number from 1, received '${values.price}'`);
    }
    if (!/^[1-9]\d{0,5}$/.test(values['commit-seconds'])) {
      throw usage(`--commit-seconds takes a whole number from 1, received '${values['commit-seconds']}'`);
    }
    const operation = open(values.config);
    const [owner] = values.register ? await walletsOf(io, values.wallet) : [];
    const installed = await installModel(operation, values.price === undefined ? {} : { price: values.price });
    const commitMs = 1_000 * Number(values['commit-seconds']);
    if (owner) await publishModel(operation, installed, owner, windowsOf(operation.config.chain.blockMs, commitMs));
    io.out(installed.model);
    return EXIT.ok;
  },
};

const nodes: Command = {
  usage: 'nodes -c FILE --wallet FILE ... [--bond UNES]',
  summary: 'bond nodes, let them serve the models and the lane act for them',
  run: async (args, io) => {
    const { values } = parse(args, 0, { ...WALLETS, bond: { type: 'string' } });
    if (values.bond !== undefined && !/^\d{1,30}$/.test(values.bond)) {
      throw usage(`--bond takes a whole number, received '${values.bond}'`);
    }
    const wallets = await walletsOf(io, values.wallet);
    const bond = values.bond === undefined ? {} : { bondUnes: BigInt(values.bond) };
    await enlistNodes(open(values.config), wallets, { ...bond, say: io.out });
    return EXIT.ok;
  },
};

const wallet: Command = {
  usage: 'wallet FILE --prefix PREFIX',
  summary: "make a node owner's wallet, encrypted under QUORATE_PASSWORD, and print its address",
  run: async (args, io) => {
    const { values, positionals } = parse(args, 1, { prefix: { type: 'string' } });
    if (values.prefix === undefined) throw usage("no prefix of the chain's addresses: expected --prefix PREFIX");
    const file = { path: positionals[0] ?? '', password: passwordOf(io) };
    const made = await createWalletFile({ ...file, random: io.random, bech32Prefix: values.prefix });
    io.out(made.address);
    return EXIT.ok;
  },
};

const tenant: Command = {
  usage: 'tenant NAME -c FILE [--asks-per-day N]',
  summary: 'add a tenant to the configuration and print its API key, once; deploy to let it in',
  run: async (args, io) => {
    const { values, positionals } = parse(args, 1, { 'asks-per-day': { type: 'string', default: '1000' } });
    const path = configPath(values.config);
    const asked = { name: positionals[0] ?? '', asksPerDay: Number(values['asks-per-day']) };
    io.out(addTenant(path, readConfig(path), asked, io.random));
    return EXIT.ok;
  },
};

const statusLines = ({ stacks, apiUrl, lane: account, nodes: all, health }: StatusReport): string[] => [
  ...Object.entries(stacks).map(([part, status]) => `${`stack ${part}`.padEnd(24)} ${status}`),
  `${'api'.padEnd(24)} ${apiUrl ?? 'not deployed'}`,
  ...(account ? [`${'lane'.padEnd(24)} ${account.address} holds ${account.balanceUnes}`] : []),
  ...all.map(
    ({ name, address, bondUnes, serves }) =>
      `${`node ${name}`.padEnd(24)} ${address} ${bondUnes === undefined ? 'not registered' : `bond ${bondUnes}, serves ${serves} models`}`,
  ),
  `${'health'.padEnd(24)} ${health.status}`,
  ...health.reasons.map((reason) => `${' '.repeat(24)} ${reason}`),
];

const status: Command = {
  usage: 'status -c FILE [--json]',
  summary: 'what is deployed, what has money, and what is unhealthy',
  run: async (args, io) => {
    const { values } = parse(args, 0, {});
    const report = await lookAt(open(values.config), io.fetch);
    if (values.json) io.out(toJson(report));
    else for (const line of statusLines(report)) io.out(line);
    return report.health.status === 'ok' ? EXIT.ok : EXIT.unreachable;
  },
};

const redriveQueue: Command = {
  usage: 'redrive QUEUE -c FILE',
  summary: "send a queue's dead letters again",
  run: async (args, io) => {
    const { values, positionals } = parse(args, 1, {});
    io.out(`${await redrive(open(values.config), positionals[0] ?? '')} messages were sent again`);
    return EXIT.ok;
  },
};

const exportData: Command = {
  usage: 'export DIR -c FILE',
  summary: 'write all rows and blobs to files',
  run: async (args, io) => {
    const { values, positionals } = parse(args, 1, {});
    const { rows, blobs, blobBytes } = await exportAll(open(values.config), positionals[0] ?? '');
    io.out(`${rows} rows, ${blobs} blobs (${blobBytes} bytes) in ${positionals[0]}`);
    return EXIT.ok;
  },
};

export const COMMANDS: Readonly<Record<string, Command>> = {
  lane,
  model,
  nodes,
  wallet,
  tenant,
  status,
  redrive: redriveQueue,
  export: exportData,
};
