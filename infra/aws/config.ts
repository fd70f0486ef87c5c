import { z } from 'zod';
import { Tenant } from '../../shared/rows/tenant.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');
const digestPinned = z.string().regex(/@sha256:[0-9a-f]{64}$/, 'expected an image by digest: name@sha256:…');

/** What `cdk deploy --all -c config=FILE` reads. Everything that costs money when nothing happens is off by default. */
export const CloudConfig = z.strictObject({
  /** Prefix of stacks and resources; one per chain. */
  name: z.string().regex(/^[a-z][a-z0-9-]{1,23}$/, 'expected 2 to 24 of a-z, 0-9 and -'),
  chain: z.strictObject({
    id: z.string().min(1),
    /** CometBFT RPC URLs in order of preference; with two or more, blocks are compared. */
    rpcs: z.array(z.url()).min(1),
    /** Address of the contract. */
    contract: z.string().min(1),
    denom: z.string().min(1),
    /** A decimal and its denomination: '0.025unes'. */
    gasPrice: z
      .string()
      .regex(/^\d+(\.\d+)?[a-z][a-zA-Z0-9/]*$/, "expected a decimal and its denomination: '0.025unes'"),
    bech32Prefix: z.string().min(1),
    /** What a block takes. */
    blockMs: z.int().positive(),
    /** Where a new deployment begins to read. */
    startHeight: z.int().positive(),
    /** `max_seats` of the contract. */
    maxSeats: z.int().positive(),
  }),
  /**
   * The account that signs for all nodes, by their grants, and pays for tenants' asks. Its key is made by the data stack; until its
   * address stands here, only that stack is made.
   */
  lane: z.strictObject({ address: z.string().min(1) }).optional(),
  /** Nodes whose owners granted commit, reveal and settle to the lane. The keys of their bonds are never in the cloud. */
  nodes: z.array(z.strictObject({ name: z.string().min(1), address: z.string().min(1) })).min(1),
  models: z
    .array(z.strictObject({ id: hash, vcpus: z.int().positive(), memoryMiB: z.int().positive(), gpus: z.int().min(0) }))
    .min(1),
  tenants: z.array(Tenant).default([]),
  budget: z.strictObject({
    /** Of the whole account: a message is sent at 80 % and at 100 %. */
    usdPerMonth: z.number().positive(),
    /** Hard limit: more are not submitted, and `why` says so. */
    batchJobsPerDay: z.int().positive(),
  }),
  alarms: z.strictObject({ email: z.email() }),
  api: z
    .strictObject({
      /** Where callers and other nodes reach the API, if not at its own address. */
      publicUrl: z.url().optional(),
    })
    .default({}),
  watch: z.strictObject({ always: z.boolean().default(false), pollMs: z.int().positive().default(1_000) }).default({
    always: false,
    pollMs: 1_000,
  }),
  workers: z
    .strictObject({
      /** Pinned images; without one, the CDK builds it from workers/inference/Dockerfile (needs docker). */
      image: digestPinned.optional(),
      maxVcpus: z.int().positive().default(16),
      lingerMs: z.int().min(0).default(600_000),
      /** Machines with GPUs, for models that ask for them; none unless given. */
      gpu: z.strictObject({ image: digestPinned.optional(), maxVcpus: z.int().positive() }).optional(),
    })
    .default({ maxVcpus: 16, lingerMs: 600_000 }),
  /** Hosts for enclaves; none unless given. */
  enclave: z
    .strictObject({
      /** The enclave image's measurements, from its build. */
      pcr0: z.string().regex(/^[0-9a-f]{96}$/, 'expected 96 lower-case hex digits'),
      eifUri: z.string().startsWith('s3://'),
      instanceType: z.string().default('m6i.xlarge'),
      maxInstances: z.int().positive().default(1),
    })
    .optional(),
  /** Into an emulator on loopback: plain http to loopback is allowed, and what the emulator lacks is left out. */
  emulated: z.boolean().default(false),
});
export type CloudConfig = z.infer<typeof CloudConfig>;
