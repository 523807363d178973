import { randomUUID } from 'node:crypto';
import type { CancelExportRequest, RunOperation, StartExportRequest } from '../../src/contract/export-activities';

/** The request of a run to `startExport`: it has a separate folder and no earlier operation. */
export function startRequest(model: string, changes: Partial<StartExportRequest> = {}): StartExportRequest {
  return {
    model: `${model}@1`,
    exportFormatId: 'tflite',
    // `test` is the workflow id that the activity environment has.
    destinations: { outputUriPrefix: `gs://exports/test/${randomUUID()}/` },
    perRunFolder: true,
    notBefore: new Date(Math.floor(Date.now() / 1_000) * 1_000).toISOString(),
    exclude: [],
    heartbeatTimeoutMs: 60_000,
    ...changes,
  };
}

export function cancelRequest(run: RunOperation, operation?: string): CancelExportRequest {
  return { own: run, heartbeatTimeoutMs: 60_000, ...(operation !== undefined && { operation }) };
}

/** A poll schedule with short pauses. */
export const POLLING = { initialDelay: 20, multiplier: 1.5, maxDelay: 100, heartbeatTimeout: 60_000 };
