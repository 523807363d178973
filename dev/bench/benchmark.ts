/** A measurement with everything that it needs. It ends within six minutes. */
export interface Benchmark {
  /** One line about what it measures, for the list of benchmarks. */
  readonly summary: string;
  /** Measures, and returns the figures. It reports its progress to `log`, one line at a time. */
  readonly run: (log: (line: string) => void) => Promise<Figures>;
}

export type Figures = Readonly<Record<string, unknown>>;
