/** A line is written after so long, and again after each further such time that doubles, in milliseconds. */
const FIRST_LINE_MS = 2_000;

/** Runs `work`; where it takes longer than two seconds, tells what is going on and for how long. */
export async function withProgress<T>(what: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  let timer: NodeJS.Timeout | undefined;
  const tell = (afterMs: number): void => {
    timer = setTimeout(() => {
      log(`${what} … ${Math.round((Date.now() - startedAt) / 1_000)} s`);
      tell(Math.min(afterMs * 2, 30_000));
    }, afterMs);
  };
  tell(FIRST_LINE_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
