import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { type IKey, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { DUE_INDEX } from '../../shared/adapters/aws/dynamo-items.ts';
import type { CloudConfig } from './config.ts';
import { pinLogicalId } from './constructs/pin-logical-id.ts';

/**
 * What outlives every deployment: rows, blobs, the lane's key and the secret of the nodes' keys. All of it is retained when the stack
 * is deleted, and its logical ids are pinned, since another id means another, empty resource.
 */
export class DataStack extends Stack {
  readonly table: ITable;
  readonly blobs: IBucket;
  readonly laneKey: IKey;
  readonly nodeKeys: ISecret;

  constructor(scope: Construct, config: CloudConfig) {
    super(scope, `${config.name}-data`, {
      description: `Quorate ${config.name}: rows, blobs and keys`,
      // Not when emulated: a test deletes its stacks.
      terminationProtection: !config.emulated,
    });
    // Said to be what they are, since the CDK's types are not written for exact optional properties.
    this.table = this.#table(config) as ITable;
    this.blobs = this.#blobs() as IBucket;
    this.laneKey = this.#laneKey(config) as IKey;
    this.nodeKeys = this.#nodeKeys(config) as ISecret;
    this.#say(config);
  }

  #table(config: CloudConfig): Table {
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_IMAGE,
      timeToLiveAttribute: 'ttl',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !config.emulated,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    table.addGlobalSecondaryIndex({
      indexName: DUE_INDEX,
      partitionKey: { name: 'due_list', type: AttributeType.STRING },
      sortKey: { name: 'due_at', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    pinLogicalId(table, 'Table');
    return table;
  }

  /** Names are hashes of contents, so a version of an object would be the same object: versioning would only cost. */
  #blobs(): Bucket {
    const bucket = new Bucket(this, 'Blobs', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: false,
      lifecycleRules: [{ id: 'abandoned-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    pinLogicalId(bucket, 'Blobs');
    return bucket;
  }

  #laneKey(config: CloudConfig): Key {
    const key = new Key(this, 'LaneKey', {
      description: `Quorate ${config.name}: account that signs for the nodes`,
      keySpec: KeySpec.ECC_SECG_P256K1,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    pinLogicalId(key, 'LaneKey');
    return key;
  }

  /** 64 of 62 characters: 381 bits, of which every node's keys are derived. */
  #nodeKeys(config: CloudConfig): Secret {
    const secret = new Secret(this, 'NodeKeys', {
      description: `Quorate ${config.name}: seed of the nodes' VRF and sealing keys`,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    pinLogicalId(secret, 'NodeKeys');
    return secret;
  }

  #say(config: CloudConfig): void {
    new CfnOutput(this, 'TableName', { value: this.table.tableName });
    new CfnOutput(this, 'BlobsBucket', { value: this.blobs.bucketName });
    new CfnOutput(this, 'LaneKeyArn', { value: this.laneKey.keyArn });
    new CfnOutput(this, 'NodeKeysSecret', { value: this.nodeKeys.secretArn });
    if (config.lane) return;
    new CfnOutput(this, 'NextStep', {
      value:
        'run "npm run cloud -- lane -c FILE --write": it prints the address of the lane and writes it into the configuration; fund it, then deploy again',
    });
  }
}
