import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import timersPromises from 'node:timers/promises';

/** The clock and the timers of simulated code. */
export interface LocalTime {
  /** Milliseconds of a clock that never goes back. */
  readonly now: number;
  /** Milliseconds since 1970. */
  readonly wallNow: number;
  after(ms: number, callback: () => void): () => void;
}

/** The simulated process that the current code belongs to. */
export const currentProcess = new AsyncLocalStorage<LocalTime>();

const real = {
  Date: globalThis.Date,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  performanceNow: performance.now.bind(performance),
  sleep: timersPromises.setTimeout,
};

/** The real time in seconds. */
export function realSeconds(): number {
  return real.performanceNow() / 1_000;
}

// Named as the real one: the SDK recognizes dates by the name of their class.
const VirtualDate = class Date extends real.Date {
  constructor(...args: [] | [number | string | Date]) {
    const [value] = args;
    super(value ?? Date.now());
  }

  static override now(): number {
    return currentProcess.getStore()?.wallNow ?? real.Date.now();
  }
};

/** A timer of a simulated process; as an object, like Node's own. */
class VirtualTimeout {
  constructor(readonly cancel: () => void) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

function virtualSetTimeout(callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): unknown {
  const local = currentProcess.getStore();
  if (local === undefined) return real.setTimeout(callback, ms, ...args);
  return new VirtualTimeout(
    local.after(ms, () => {
      callback(...args);
    }),
  );
}

function virtualClearTimeout(timer: NodeJS.Timeout | VirtualTimeout | undefined): void {
  if (timer instanceof VirtualTimeout) timer.cancel();
  else real.clearTimeout(timer);
}

function virtualSleep<T>(ms?: number, value?: T, options: { signal?: AbortSignal } = {}): Promise<T | undefined> {
  const local = currentProcess.getStore();
  const { signal } = options;
  if (local === undefined) return real.sleep(ms, value, options);
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      reject(new Error('The operation was aborted'));
    };
    const cancel = local.after(ms ?? 0, () => {
      signal?.removeEventListener('abort', abort);
      resolve(value);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Provides virtual time to the code of simulated processes. All other code uses real time. */
export function installVirtualGlobals(): void {
  Object.assign(globalThis, {
    Date: VirtualDate,
    setTimeout: virtualSetTimeout,
    clearTimeout: virtualClearTimeout,
  });
  performance.now = () => currentProcess.getStore()?.now ?? real.performanceNow();
  Object.assign(timersPromises, { setTimeout: virtualSleep });
}

/** Restores the globals that {@link installVirtualGlobals} replaced. */
export function restoreGlobals(): void {
  Object.assign(globalThis, { Date: real.Date, setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
  performance.now = real.performanceNow;
  Object.assign(timersPromises, { setTimeout: real.sleep });
}
