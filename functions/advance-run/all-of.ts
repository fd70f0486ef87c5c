/** Side by side. Waits for all, whatever happens: what goes on after a failure was reported is nobody's. @throws the first failure */
export const allOf = async <T>(all: readonly Promise<T>[]): Promise<T[]> => {
  await Promise.allSettled(all);
  return await Promise.all(all);
};
