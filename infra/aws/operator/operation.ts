import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Comet38Client, HttpClient } from '@cosmjs/tendermint-rpc';
import { openKmsAccount } from '../../../shared/adapters/aws/kms-account.ts';
import { openS3Blobs } from '../../../shared/adapters/aws/s3-blobs.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { connectChain } from '../../../shared/chain/comet-chain.ts';
import { refused } from '../../../shared/client/chain-access.ts';
import type { Blobs } from '../../../shared/ports/blobs.ts';
import type { Chain } from '../../../shared/ports/chain.ts';
import type { AccountSigner } from '../../../shared/ports/signer.ts';
import type { SendingTerms } from '../../local/bootstrap.ts';
import type { CloudConfig } from '../config.ts';
import { type DeployedStack, findStack, outputOf } from './deployed.ts';

/** Region, credentials and endpoint; empty for what the environment says. */
export interface AwsSettings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** An operator's hands on one deployment: his own AWS credentials, and the chain. */
export interface Operation {
  readonly config: CloudConfig;
  readonly aws: AwsSettings;
  /** `data`, `control` ...: undefined until it is deployed. */
  stack(part: string): Promise<DeployedStack | undefined>;
  /** @throws {BadInputError} `not-deployed`, `no-output` */
  output(part: string, key: string): Promise<string>;
  blobs(): Promise<Blobs>;
  /** The account whose key is in KMS. */
  lane(): Promise<AccountSigner>;
  chain(): Promise<{ readonly comet: Comet38Client; readonly chain: Chain; readonly terms: SendingTerms }>;
}

/** Does something on chain. @throws {BadInputError} `chain-refused`; {TransientError} `tx-not-included`, `rpc-unavailable` */
export const onChain = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (cause) {
    throw refused(cause, 'chain-refused');
  }
};

export const openOperation = (config: CloudConfig, aws: AwsSettings = {}): Operation => {
  const cloudFormation = new CloudFormationClient(aws);
  const nameOf = (part: string): string => `${config.name}-${part}`;
  const stack = (part: string) => findStack(cloudFormation, nameOf(part));
  const output = async (part: string, key: string) => outputOf(await stack(part), nameOf(part), key);
  return {
    config,
    aws,
    stack,
    output,
    blobs: async () =>
      openS3Blobs({
        client: clients.s3(aws),
        bucket: await output('data', 'BlobsBucket'),
        clock: systemClock,
        random: systemRandom,
      }),
    lane: async () =>
      openKmsAccount({
        client: new KMSClient(aws),
        keyId: await output('data', 'LaneKeyArn'),
        bech32Prefix: config.chain.bech32Prefix,
      }),
    chain: async () => {
      const { id: chainId, rpcs, contract, denom, gasPrice } = config.chain;
      const [rpc = ''] = rpcs;
      const comet = Comet38Client.create(new HttpClient(rpc));
      const chain = await connectChain({ rpc, chainId, contract, denom });
      return { comet, chain, terms: { gasPrice, fee: 'auto' } };
    },
  };
};

/** For commands that need more than the ports. */
export const clients = {
  s3: (aws: AwsSettings) => new S3Client(aws),
  dynamo: (aws: AwsSettings) => new DynamoDBClient(aws),
  secrets: (aws: AwsSettings) => new SecretsManagerClient(aws),
  sqs: (aws: AwsSettings) => new SQSClient(aws),
};
