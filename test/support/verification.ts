import type { GoogleServices } from '../../src/testing/services/local-stack';
import type { ExportOutcome } from '../../emulator';
import type { VerificationLevel } from '../../src/contract/export-input';
import type { VerifiedExport, VerifyExportRequest } from '../../src/contract/export-activities';
import { ExportFailureType } from '../../src/contract/failures';
import { activitiesOf, failureOf, run } from './activities';
import type { Files } from './inspection';
import { addModel } from './models';
import { POLLING, startRequest } from './requests';

/** Runs an export, and returns the request to verify it. */
export async function exported(
  services: GoogleServices,
  model: string,
  exportFormatId: string,
  changes: Partial<VerifyExportRequest> = {},
): Promise<VerifyExportRequest> {
  const activities = activitiesOf(services);
  const destinations = changes.destinations ?? startRequest(model).destinations;
  const request = startRequest(model, { exportFormatId, destinations });
  const { operation } = await run(activities.startExport, request);
  const { outputInfo } = await run(activities.awaitExport, { operation, polling: POLLING });
  return {
    level: 'structure',
    model: request.model,
    operation,
    exportFormatId,
    outputInfo,
    destinations,
    source: {},
    writeManifest: false,
    heartbeatTimeoutMs: 60_000,
    ...changes,
  };
}

/** Verifies as a worker does. */
export function verify(services: GoogleServices, request: VerifyExportRequest): Promise<VerifiedExport> {
  return run(activitiesOf(services).verifyExport, request);
}

/** Exports the files of a test, and verifies them. */
export async function verifyFiles(
  services: GoogleServices,
  exportFormatId: string,
  files: Files,
  { level, outcome }: { level?: VerificationLevel; outcome?: ExportOutcome } = {},
): Promise<VerifiedExport> {
  const model = addModel(services.vertex, { formats: { [exportFormatId]: files }, ...(outcome && { outcome }) });
  return verify(services, await exported(services, model, exportFormatId, { ...(level && { level }) }));
}

/** The findings of a verification that fails, a line each. */
export async function findingsOf(verified: Promise<unknown>): Promise<string> {
  const { details } = await failureOf(verified, ExportFailureType.VerificationFailed);
  return (details.problems ?? []).join('\n');
}
