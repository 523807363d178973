const CHECK_MS = 20;
const IDLE_CHECKS = 5;

/** A test, or a hook. It may end by a callback, like those of `node:test`. */
export type Body = (context: object, done: (error?: unknown) => void) => unknown;

/** What keeps the process alive without a test: its channel to StrykerJS. */
const ALWAYS_ACTIVE = process.getActiveResourcesInfo().length;

/**
 * Runs a test or a hook, and returns why it failed. Like `node:test`, it counts as failures: an error that nothing
 * catches, and a promise that waits although nothing in the process can resolve it any more. `limitMs` ends the others.
 */
export async function outcomeOf(body: Body, context: object, limitMs: number): Promise<string | undefined> {
  let end: (failure: string | undefined) => void = () => undefined;
  const ended = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  const uncaught = (error: unknown): void => {
    end(`uncaught: ${String(error)}`);
  };
  process.on('uncaughtException', uncaught);
  process.on('unhandledRejection', uncaught);
  const started = performance.now();
  let idleChecks = 0;
  const checks = setInterval(() => {
    // One of the resources is the timer of this function.
    idleChecks = process.getActiveResourcesInfo().length <= ALWAYS_ACTIVE + 1 ? idleChecks + 1 : 0;
    if (idleChecks >= IDLE_CHECKS) end('waits forever');
    if (performance.now() - started > limitMs) end('does not end');
  }, CHECK_MS);
  run(body, context).then(
    () => {
      end(undefined);
    },
    (error: unknown) => {
      end(String(error));
    },
  );
  const failure = await ended;
  clearInterval(checks);
  process.off('uncaughtException', uncaught);
  process.off('unhandledRejection', uncaught);
  return failure;
}

async function run(body: Body, context: object): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: unknown): void => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('the callback got an error'));
    };
    const result = Promise.resolve().then(() => body(context, done));
    if (body.length < 2)
      result.then(() => {
        resolve();
      }, reject);
    else result.catch(reject);
  });
  // What nothing catches is reported after the microtasks.
  await new Promise((resolve) => setImmediate(resolve));
}
