/** One measurement with everything that it needs; each ends by itself within six minutes. */
export interface Benchmark {
  /** What is measured, in one line, for the list of benchmarks. */
  readonly summary: string;
  /** Measures, and gives the figures; what happens meanwhile is told to `log`, a line at a time. */
  readonly run: (log: (line: string) => void) => Promise<Figures>;
}

export type Figures = Readonly<Record<string, unknown>>;
