import type { Passing } from './reverse-proxy.ts';

/** What a request to AWS asks for, in the names of the service's API. */
export interface AwsCall {
  /** As in the scope of its signature: `dynamodb`, `sqs`, `s3`, `kms`, `secretsmanager`, `lambda`, `batch`. */
  readonly service: string;
  readonly operation: string;
}

const S3_OPERATIONS: Readonly<Record<string, string>> = {
  'GET key': 'GetObject',
  'HEAD key': 'HeadObject',
  'PUT key': 'PutObject',
  'DELETE key': 'DeleteObject',
  'GET bucket': 'ListObjectsV2',
  'HEAD bucket': 'HeadBucket',
  'PUT bucket': 'CreateBucket',
};

/** The scope of a signature of version 4 names the service: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`. */
const serviceOf = (authorization: string | undefined): string =>
  /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(authorization ?? '')?.[1] ?? 'unsigned';

/** Reads service and operation off a signed request: JSON protocols by their target, REST by method and path. */
export const awsCallOf = ({ method, path, headers }: Pick<Passing, 'method' | 'path' | 'headers'>): AwsCall => {
  const service = serviceOf(headers.authorization);
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return { service, operation: target.slice(target.lastIndexOf('.') + 1) };
  const [pathname = ''] = path.split('?');
  if (service === 's3') {
    const what = pathname.split('/').filter((part) => part !== '').length > 1 ? 'key' : 'bucket';
    return { service, operation: S3_OPERATIONS[`${method} ${what}`] ?? `${method} ${what}` };
  }
  return { service, operation: `${method} ${pathname}` };
};
