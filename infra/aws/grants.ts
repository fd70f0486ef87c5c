import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { DUE_INDEX } from '../../shared/adapters/aws/dynamo-items.ts';

const allow = (grantee: IGrantable, statement: Partial<ConstructorParameters<typeof PolicyStatement>[0]>): void => {
  grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement(statement));
};

/** What the store's adapter calls; a transaction needs the rights of its parts. */
export const grantRows = (table: ITable, grantee: IGrantable): void => {
  allow(grantee, {
    actions: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'].map(
      (name) => `dynamodb:${name}`,
    ),
    resources: [table.tableArn],
  });
  allow(grantee, { actions: ['dynamodb:Query'], resources: [`${table.tableArn}/index/${DUE_INDEX}`] });
};

/** With the right to list, since S3 tells others 403 where it means that a blob is not there. */
export const grantBlobs = (bucket: IBucket, grantee: IGrantable): void => {
  allow(grantee, { actions: ['s3:GetObject', 's3:PutObject'], resources: [bucket.arnForObjects('*')] });
  allow(grantee, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
};

/** The seed of which the nodes' keys are derived. */
export const grantNodeKeys = (secret: ISecret, grantee: IGrantable): void => {
  allow(grantee, { actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretArn] });
};

/** To sign digests for Cosmos, and to know whose signatures they are. */
export const grantLaneKey = (key: IKey, grantee: IGrantable): void => {
  allow(grantee, {
    actions: ['kms:Sign'],
    resources: [key.keyArn],
    conditions: { StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256', 'kms:MessageType': 'DIGEST' } },
  });
  allow(grantee, { actions: ['kms:GetPublicKey'], resources: [key.keyArn] });
};

/** To find a job by its name before it is submitted again. ListJobs knows no resources. */
export const grantListJobs = (grantee: IGrantable): void => {
  allow(grantee, { actions: ['batch:ListJobs'], resources: ['*'] });
};

/** DescribeJobs knows no resources. */
export const grantDescribeJobs = (grantee: IGrantable): void => {
  allow(grantee, { actions: ['batch:DescribeJobs'], resources: ['*'] });
};

/** A job is tagged as it is submitted, before it has an id. */
export const grantSubmitJobs = (queueAndDefinitions: readonly string[], anyJob: string, grantee: IGrantable): void => {
  allow(grantee, { actions: ['batch:SubmitJob'], resources: [...queueAndDefinitions] });
  allow(grantee, { actions: ['batch:TagResource'], resources: [anyJob] });
};
