/** A row's address: one partition (`pk`) holds rows ordered by `sk`. Maps onto a DynamoDB table and an SQLite table alike. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Sparse index: a row with `due` is listed under `list`, ordered by `at` (a time in ms or a height: each list says which). */
export interface Due {
  readonly list: string;
  readonly at: number;
}

export interface Row<T = unknown> extends Key {
  /** 1 when first written, one more at each write. */
  readonly version: number;
  /** JSON value. */
  readonly body: T;
  readonly due?: Due;
}

/** What must be true of the row at the moment of the write: not there, at this very version, or anything. */
export type Expect = 'absent' | 'any' | { readonly version: number };

export type Write =
  | {
      readonly kind: 'put';
      readonly key: Key;
      readonly body: unknown;
      readonly due?: Due;
      /** From this time on the row is of no use and the store may delete it, sooner or later or never; until then it is read. */
      readonly expiresAtMs?: number;
      readonly expect: Expect;
    }
  | { readonly kind: 'delete'; readonly key: Key; readonly expect: Expect }
  | { readonly kind: 'check'; readonly key: Key; readonly expect: Expect };

export interface Page {
  /** Only rows whose `sk` starts with this. */
  readonly prefix?: string;
  /** Only rows whose `sk` is greater. */
  readonly after?: string;
  readonly limit: number;
}

/** Most writes of one transaction (the limit of DynamoDB's TransactWriteItems). */
export const MAX_TRANSACTION_WRITES = 100;

/**
 * Durable rows with conditional writes. Promises: `transact` is all or nothing and durable when it resolves; reads see
 * every write that resolved before they began, but for `due`; due lists are read in order of `at`, then key.
 * A call that rejects with a {@link TransientError} may or may not have written: whoever calls again reads first.
 */
export interface Store {
  get<T>(key: Key): Promise<Row<T> | undefined>;
  list<T>(pk: string, page: Page): Promise<Row<T>[]>;
  /**
   * Rows of a due list with `at <= until`, earliest first, as they are now. A row written a moment ago may be missing: a sweep
   * finds it the next time.
   */
  due<T>(list: string, until: number, limit: number): Promise<Row<T>[]>;
  /**
   * @throws {ConditionFailedError} with the rows as they are, when any expectation does not hold: nothing was written.
   * @throws {BadInputError} `transaction-too-large` over {@link MAX_TRANSACTION_WRITES}, or one key named twice.
   */
  transact(writes: readonly Write[]): Promise<void>;
}
