import type { ExportModelResult } from '../../src';

/** How one export of the demo ended. */
export interface DemoOutcome {
  readonly label: string;
  readonly link: string;
  readonly end: { readonly result: ExportModelResult } | { readonly refusal: string };
}

const HEADINGS = ['model', 'format', 'files', 'bytes', 'attempts', 'time', 'Web UI'] as const;

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

function cellsOf({ label, link, end }: DemoOutcome): string[] {
  if ('refusal' in end) return [label, 'rejected', '-', '-', '-', '-', link];
  const { modelDisplayName, exportFormatId, files, image, attempts, timings } = end.result;
  return [
    modelDisplayName,
    exportFormatId,
    `${files?.count ?? 0}${image ? ' + image' : ''}`,
    ((files?.bytes ?? 0) + (image?.bytes ?? 0)).toLocaleString('en'),
    String(attempts.length),
    `${(timings.totalMs / 1_000).toFixed(1)} s`,
    link,
  ];
}

/** The output of `--json`. */
export function summarize(
  outcomes: readonly DemoOutcome[],
  counts: { readonly operationsStarted: number; readonly workerKills: number; readonly seconds: number },
): string {
  const verified = outcomes.filter(({ end }) => 'result' in end && isVerified(end.result));
  const refused = outcomes.filter(({ end }) => 'refusal' in end);
  return JSON.stringify({ exports: outcomes.length, verified: verified.length, refused: refused.length, ...counts });
}

function isVerified({ verification, files, image }: ExportModelResult): boolean {
  return verification.level !== 'none' && (files !== undefined || image !== undefined);
}
