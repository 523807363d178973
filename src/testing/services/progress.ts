/** Time until the first line, in milliseconds. Each further pause is twice as long. */
const FIRST_LINE_MS = 2_000;

/** Runs `work`. If it takes longer than two seconds, reports what is running and for how long. */
export async function withProgress<T>(what: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const report = (afterMs: number): void => {
    timer = setTimeout(() => {
      log(`${what} … ${Math.round((Date.now() - startedAt) / 1_000)} s`);
      report(Math.min(afterMs * 2, 30_000));
    }, afterMs);
  };
  report(FIRST_LINE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
