import { readFileSync } from 'node:fs';
import { fromBech32 } from '@cosmjs/encoding';
import { BadInputError } from '../../shared/errors.ts';
import { kindOf, maxVcpus } from './batch-names.ts';
import { CloudConfig } from './config.ts';

/**
 * Reads what the user wants deployed.
 * @throws {BadInputError} `bad-config` with every problem at once: the field and what is allowed, never the value
 */
export const readConfig = (path: string): CloudConfig => {
  const json = readJson(path);
  const parsed = CloudConfig.safeParse(json);
  const problems = parsed.success
    ? problemsBetween(parsed.data)
    : parsed.error.issues.map((issue) => `${fieldOf(issue.path)}: ${lowerFirst(issue.message)}`);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new BadInputError('bad-config', [`${path} does not fit:`, ...problems.map((each) => `  ${each}`)].join('\n'), {
    next: 'correct these fields; infra/aws/config.ts describes each, infra/aws/config.example.json shows them',
    details: { problems },
  });
};

const readJson = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new BadInputError('bad-config', `cannot read ${path}: expected a JSON file`, {
      next: 'copy infra/aws/config.example.json and say its path: -c config=FILE',
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold what is not for logs.
    throw new BadInputError('bad-config', `${path} is not JSON`);
  }
};

/** What a single field cannot know. */
const problemsBetween = (config: CloudConfig): readonly string[] => [
  ...doubles(config.nodes.map(({ name }) => name)).map((at) => `nodes[${at}].name: another node has this name`),
  ...doubles(config.nodes.map(({ address }) => address)).map((at) => `nodes[${at}].address: another node has it`),
  ...doubles(config.models.map(({ id }) => id)).map((at) => `models[${at}].id: another model has this id`),
  ...doubles(config.tenants.map(({ name }) => name)).map((at) => `tenants[${at}].name: another tenant has this name`),
  ...doubles(config.tenants.map(({ apiKeySha256 }) => apiKeySha256)).map(
    (at) => `tenants[${at}].apiKeySha256: another tenant has this key`,
  ),
  ...addressProblems(config),
  ...urlProblems(config),
  ...machineProblems(config),
  ...tenantProblems(config),
];

const doubles = (values: readonly string[]): readonly number[] =>
  values.flatMap((value, at) => (values.indexOf(value) < at ? [at] : []));

const addressProblems = ({ chain, lane, nodes }: CloudConfig): readonly string[] => {
  const expected = `expected an address that begins with '${chain.bech32Prefix}1'`;
  const addresses: readonly (readonly [string, string])[] = [
    ['chain.contract', chain.contract],
    ...(lane ? [['lane.address', lane.address] as const] : []),
    ...nodes.map(({ address }, at) => [`nodes[${at}].address`, address] as const),
  ];
  return addresses.flatMap(([field, address]) =>
    prefixOf(address) === chain.bech32Prefix ? [] : [`${field}: ${expected}`],
  );
};

/** Of BIP 173; the decoder's own default, without a limit, is refused by the library below it. */
const MAX_ADDRESS = 90;

const prefixOf = (address: string): string | undefined => {
  try {
    return fromBech32(address, MAX_ADDRESS).prefix;
  } catch {
    return undefined;
  }
};

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const urlProblems = ({ chain, api, emulated }: CloudConfig): readonly string[] => {
  const urls: readonly (readonly [string, string])[] = [
    ...chain.rpcs.map((url, at) => [`chain.rpcs[${at}]`, url] as const),
    ...(api.publicUrl === undefined ? [] : [['api.publicUrl', api.publicUrl] as const]),
  ];
  const isAllowed = (text: string): boolean => {
    const url = new URL(text);
    return url.protocol === 'https:' || (emulated && url.protocol === 'http:' && LOOPBACK.includes(url.hostname));
  };
  return [
    ...urls.flatMap(([field, url]) =>
      isAllowed(url) ? [] : [`${field}: expected an https URL${emulated ? ', or http to loopback' : ''}`],
    ),
    // Variables of functions hold lists with commas between.
    ...chain.rpcs.flatMap((url, at) =>
      url.includes(',') ? [`chain.rpcs[${at}]: expected a URL without a comma`] : [],
    ),
    ...doubles(chain.rpcs).map((at) => `chain.rpcs[${at}]: the same URL stands before, so nothing would be compared`),
  ];
};

const machineProblems = (config: CloudConfig): readonly string[] =>
  config.models.flatMap((model, at) => {
    const kind = kindOf(model);
    if (kind === 'gpu' && !config.workers.gpu) {
      return [`models[${at}].gpus: needs workers.gpu, which says how many GPU machines may run`];
    }
    const most = maxVcpus(config, kind);
    const limit = kind === 'gpu' ? 'workers.gpu.maxVcpus' : 'workers.maxVcpus';
    return model.vcpus > most ? [`models[${at}].vcpus: expected at most ${limit}, ${most}`] : [];
  });

/** Bytes of JSON: a function's variables may have 4 KB in all. */
const MAX_TENANTS_BYTES = 2_000;

const tenantProblems = ({ tenants }: CloudConfig): readonly string[] =>
  JSON.stringify(tenants).length > MAX_TENANTS_BYTES
    ? [`tenants: expected at most ${MAX_TENANTS_BYTES} bytes as JSON, received ${JSON.stringify(tenants).length}`]
    : [];

const fieldOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '') || '(the file)';

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
