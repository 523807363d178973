import { randomUUID } from 'node:crypto';
import type { CancelExportRequest, OwnOperation, StartExportRequest } from '../../src/contract/export-activities';

/** What a run asks `startExport` for: a folder of its own, and no operation that was before. */
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

export function cancelRequest(own: OwnOperation, operation?: string): CancelExportRequest {
  return { own, heartbeatTimeoutMs: 60_000, ...(operation !== undefined && { operation }) };
}

/** Polling without long pauses. */
export const POLLING = { initialDelay: 20, multiplier: 1.5, maxDelay: 100, heartbeatTimeout: 60_000 };
