import type { ExportModelResult } from '../../src';

/** How one export of the demo ended. */
export interface DemoOutcome {
  readonly label: string;
  readonly link: string;
  /** Process ids of the workers that ran the export's activities, in order. */
  readonly workers: readonly number[];
  readonly end: { readonly result: ExportModelResult } | { readonly refusal: string };
}

const HEADINGS = ['model', 'format', 'files', 'bytes', 'attempts', 'workers', 'time', 'Web UI'] as const;

/** The table at the end of the demo. */
export function renderTable(outcomes: readonly DemoOutcome[]): string {
  const rows = [HEADINGS, ...outcomes.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cellsOf({ label, link, workers, end }: DemoOutcome): string[] {
  const pids = workers.join(', then ');
  if ('refusal' in end) return [label, 'rejected', '-', '-', '-', pids, '-', link];
  const { modelDisplayName, exportFormatId, files, image, attempts, timings } = end.result;
  return [
    modelDisplayName,
    exportFormatId,
    `${files?.count ?? 0}${image ? ' + image' : ''}`,
    ((files?.bytes ?? 0) + (image?.bytes ?? 0)).toLocaleString('en'),
    String(attempts.length),
    pids,
    `${(timings.totalMs / 1_000).toFixed(1)} s`,
    link,
  ];
}

/** What happened while the demo ran. */
export interface DemoCounts {
  readonly operationsStarted: number;
  readonly workerKills: number;
  readonly seconds: number;
}

/** The exports that a second worker took over from the first one. */
export function takenOver(outcomes: readonly DemoOutcome[]): DemoOutcome[] {
  return outcomes.filter(({ workers }) => workers.length > 1);
}

/** The output of `--json`. */
export function summarize(outcomes: readonly DemoOutcome[], counts: DemoCounts): string {
  const verified = outcomes.filter(({ end }) => 'result' in end && isVerified(end.result));
  const refused = outcomes.filter(({ end }) => 'refusal' in end);
  return JSON.stringify({
    exports: outcomes.length,
    verified: verified.length,
    refused: refused.length,
    ...counts,
    takenOver: takenOver(outcomes).map(({ label, workers }) => ({ label, workers })),
  });
}

function isVerified({ verification, files, image }: ExportModelResult): boolean {
  return verification.level !== 'none' && (files !== undefined || image !== undefined);
}
