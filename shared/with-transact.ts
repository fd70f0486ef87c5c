import type { Store } from './ports/store.ts';

/** The same store with another `transact` in front of its own. */
export const withTransact = (store: Store, transact: Store['transact']): Store => ({
  get: (key) => store.get(key),
  list: (pk, page) => store.list(pk, page),
  due: (list, until, limit) => store.due(list, until, limit),
  transact,
});
