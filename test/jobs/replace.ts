/** A port with some of its methods replaced, whose own methods still run on itself. */
export const replace = <T extends object>(port: T, methods: Partial<T>): T =>
  new Proxy(port, {
    get: (target, key) => {
      const own: unknown = Reflect.get(methods, key);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
