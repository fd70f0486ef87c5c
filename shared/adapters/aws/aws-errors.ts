import { InvariantError, QuorateError, TransientError } from '../../errors.ts';

/** "Slow down" in the words of each service: with 400 or 403 as often as with 429, so only the name tells. */
const THROTTLED = new Set([
  'EC2ThrottledException',
  'KmsThrottled',
  'LimitExceededException',
  'OverLimit',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'Throttling',
  'ThrottlingError',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** Another request is at the same thing at this moment, with a status that would otherwise be a refusal. */
const BUSY = new Set([
  'ConditionalRequestConflict',
  'ConflictException',
  'OperationAborted',
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Of Node's sockets and the SDK's request handlers: no answer came, so nobody knows whether the request took effect. */
const UNREACHABLE = new Set([
  'AbortError',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'RequestTimeout',
  'RequestTimeoutException',
  'TimeoutError',
]);

const textOf = (error: unknown, field: 'name' | 'code'): string => {
  const value: unknown = error instanceof Error ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : '';
};

const statusOf = (error: unknown): number | undefined => {
  const metadata: unknown = error instanceof Error ? Reflect.get(error, '$metadata') : undefined;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
};

/** The name an AWS service gave its error (`ResourceNotFoundException` ...), or the code of a socket's. Empty if neither. */
export const awsErrorName = (error: unknown): string => {
  const name = textOf(error, 'name');
  return name === '' || name === 'Error' ? textOf(error, 'code') : name;
};

/**
 * What an error of an AWS SDK client means to us. Transient: `aws-throttled`, `aws-busy` (another request is at the same thing),
 * `aws-unavailable` (5xx) and `aws-unreachable` (no answer: it may or may not have taken effect). Invariant: `aws-denied` and
 * `aws-refused`, since our own code or our own policy is wrong. Errors of ours come back as they are.
 * The service's own words stay in `cause`, because they may quote what was sent.
 * @param what names the call for the reader: 'put a blob'
 */
export const fromAws = (error: unknown, what: string): QuorateError => {
  if (error instanceof QuorateError) return error;
  const name = awsErrorName(error);
  const status = statusOf(error);
  const info = { cause: error, details: { name, ...(status !== undefined && { status }) } };
  const said = `${name || 'an error without a name'}${status === undefined ? '' : ` (${status})`}`;
  const failed = `aws could not ${what}: ${said}`;
  if (THROTTLED.has(name) || status === 429) return new TransientError('aws-throttled', failed, info);
  if (BUSY.has(name)) return new TransientError('aws-busy', failed, info);
  if (DENIED.has(name) || status === 401 || status === 403) {
    return new InvariantError('aws-denied', failed, { ...info, next: "Compare the role's statements with this call." });
  }
  if (status !== undefined && status >= 500) return new TransientError('aws-unavailable', failed, info);
  if (UNREACHABLE.has(name) || UNREACHABLE.has(textOf(error, 'code')) || status === 408) {
    return new TransientError('aws-unreachable', failed, info);
  }
  return new InvariantError('aws-refused', failed, info);
};
