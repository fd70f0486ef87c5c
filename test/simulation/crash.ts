/** Kills a simulated process at a chosen call of a port. */

/** Not an error of ours: nothing may catch it and go on, as nothing survives a kill -9. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

export interface CrashPoint {
  /** 0-based number of the port call, counted over the life of one process. */
  readonly call: number;
  /** Before the call has any effect, or after its effect and before its answer. */
  readonly when: 'before' | 'after';
}

/** Counts every call of the ports it wraps; at the crash point the process is dead, and so is each later call of it. */
export class Gate {
  readonly calls: string[] = [];
  #dead = false;
  readonly #point: CrashPoint | undefined;

  constructor(point?: CrashPoint) {
    this.#point = point;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** The port with each of its methods as a possible place to die. */
  wrap<T extends object>(name: string, port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.#call(`${name}.${String(key)}`, () => value.apply(target, args));
      },
    });
  }

  #call(name: string, effect: () => unknown): unknown {
    if (this.#dead) throw new CrashError(`${name} in a dead process`);
    const call = this.calls.push(name) - 1;
    const here = this.#point?.call === call ? this.#point.when : undefined;
    if (here === 'before') this.#die(name);
    const answer = effect();
    if (here !== 'after') return answer;
    if (!(answer instanceof Promise)) this.#die(name);
    // A refusal is an answer too: the process dies without hearing it.
    const die = (): never => this.#die(name);
    return (answer as Promise<unknown>).then(die, die);
  }

  #die(name: string): never {
    this.#dead = true;
    throw new CrashError(`killed at ${name}`);
  }
}
