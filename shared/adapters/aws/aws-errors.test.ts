import { describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import { fromAws } from './aws-errors.ts';

const service = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('the words of the service: secret-123'), { name, $metadata: { httpStatusCode } });
const socket = (code: string): Error => Object.assign(new Error('socket'), { code });

describe('fromAws', () => {
  it.each([
    [service('ThrottlingException', 400), 'transient', 'aws-throttled'],
    [service('ProvisionedThroughputExceededException', 400), 'transient', 'aws-throttled'],
    [service('RequestThrottled', 403), 'transient', 'aws-throttled'],
    [service('SlowDown', 503), 'transient', 'aws-throttled'],
    [service('SomethingNew', 429), 'transient', 'aws-throttled'],
    [service('TransactionInProgressException', 400), 'transient', 'aws-busy'],
    [service('ConditionalRequestConflict', 409), 'transient', 'aws-busy'],
    [service('InternalServerError', 500), 'transient', 'aws-unavailable'],
    [service('KeyUnavailableException', 500), 'transient', 'aws-unavailable'],
    [service('RequestTimeout', 400), 'transient', 'aws-unreachable'],
    [socket('ECONNRESET'), 'transient', 'aws-unreachable'],
    [Object.assign(new Error('late'), { name: 'TimeoutError' }), 'transient', 'aws-unreachable'],
    [Object.assign(new Error('aborted'), { name: 'AbortError' }), 'transient', 'aws-unreachable'],
    [service('AccessDeniedException', 400), 'invariant', 'aws-denied'],
    [service('Forbidden', 403), 'invariant', 'aws-denied'],
    [service('ValidationException', 400), 'invariant', 'aws-refused'],
    [service('ResourceNotFoundException', 400), 'invariant', 'aws-refused'],
    [new TypeError('x is not a function'), 'invariant', 'aws-refused'],
    ['no error at all', 'invariant', 'aws-refused'],
  ])('%o is %s, %s', (error, family, code) => {
    expect(fromAws(error, 'put a blob')).toMatchObject({ family, code, cause: error });
  });

  it('names call, error and status, and keeps to itself what the service said', () => {
    const { message } = fromAws(service('ValidationException', 400), 'put a blob');
    expect(message).toBe('aws could not put a blob: ValidationException (400)');
  });

  it('leaves errors of ours as they are', () => {
    const ours = new BadInputError('bad-hash', 'no hash');
    expect(fromAws(ours, 'put a blob')).toBe(ours);
  });
});
