import { QuorateError } from '../errors.ts';
import type { Key, Row } from './store.ts';

/** Somebody else wrote first. Not a fault by itself: the caller reads `conflicts` and decides. */
export class ConditionFailedError extends QuorateError {
  override readonly name = 'ConditionFailedError';
  readonly conflicts: readonly { readonly key: Key; readonly current: Row | undefined }[];

  constructor(conflicts: readonly { readonly key: Key; readonly current: Row | undefined }[]) {
    const names = conflicts.map(
      ({ key, current }) => `${key.pk} ${key.sk} is ${current ? `at ${current.version}` : 'absent'}`,
    );
    super('transient', 'condition-failed', `a conditional write was refused: ${names.join('; ')}`);
    this.conflicts = conflicts;
  }
}
