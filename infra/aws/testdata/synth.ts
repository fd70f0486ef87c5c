import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppProps } from 'aws-cdk-lib';
import { buildApp } from '../build-app.ts';
import { CloudConfig } from '../config.ts';

const IMAGE = `registry.example.org/quorate@sha256:${'0'.repeat(64)}`;

/** Everything that a configuration can ask for. */
export const FULL: CloudConfig = CloudConfig.parse({
  name: 'quorate-test',
  chain: {
    id: 'test-1',
    rpcs: ['https://rpc.example.org', 'https://rpc.example.com'],
    contract: 'neutron1qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qurswpc8qursl2us2n',
    denom: 'untrn',
    gasPrice: '0.025untrn',
    bech32Prefix: 'neutron',
    blockMs: 1_500,
    startHeight: 1,
    maxSeats: 21,
  },
  lane: { address: 'neutron1qgpqyqszqgpqyqszqgpqyqszqgpqyqsz8gweud' },
  nodes: [{ name: 'node-1', address: 'neutron1qyqszqgpqyqszqgpqyqszqgpqyqszqgpkvguhm' }],
  models: [
    { id: '0'.repeat(64), vcpus: 2, memoryMiB: 3_072, gpus: 0 },
    { id: '1'.repeat(64), vcpus: 4, memoryMiB: 14_336, gpus: 1 },
  ],
  budget: { usdPerMonth: 50, batchJobsPerDay: 500 },
  alarms: { email: 'you@example.org' },
  workers: { image: IMAGE, maxVcpus: 16, lingerMs: 600_000, gpu: { image: IMAGE, maxVcpus: 8 } },
  enclave: { pcr0: 'a'.repeat(96), eifUri: 's3://images/enclave.eif' },
});

const { enclave: _enclave, ...withoutEnclave } = FULL;

/** What most users ask for: no GPU, no enclave, nothing that costs while nothing happens. */
export const PLAIN: CloudConfig = {
  ...withoutEnclave,
  models: FULL.models.filter(({ gpus }) => gpus === 0),
  workers: { image: IMAGE, maxVcpus: 16, lingerMs: 600_000 },
};

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface Found extends Resource {
  /** Without the deployment's name: 'control'. */
  readonly stack: string;
  readonly id: string;
}

/** An app whose functions are not bundled, in a folder of its own. */
export const appOf = (config: CloudConfig, props: AppProps = {}) =>
  buildApp(config, {
    outdir: mkdtempSync(join(tmpdir(), 'quorate-cdk-')),
    ...props,
    context: { 'aws:cdk:bundling-stacks': [] },
  });

/** All resources of all stacks. */
export const resourcesOf = (config: CloudConfig): readonly Found[] =>
  appOf(config)
    .synth()
    .stacks.flatMap(({ stackName, template }) =>
      Object.entries(template.Resources as Record<string, Resource>).map(([id, resource]) => ({
        ...resource,
        // A resource without any is written without the field.
        Properties: resource.Properties ?? {},
        stack: stackName.slice(config.name.length + 1),
        id,
      })),
    );

export const ofType = (resources: readonly Found[], type: string): readonly Found[] =>
  resources.filter(({ Type }) => Type === type);
