import assert from 'node:assert/strict';
import type { Info } from '@temporalio/activity';
import type { ExportDependencies } from '../../src/activities/dependencies';
import { startExport } from '../../src/activities/export/start-export';
import type { StartedExport, StartExportRequest } from '../../src/contract/export-activities';
import type { ExportOperation, ExportRequestBody, VertexApi } from '../../src/google/vertex';
import { activityEnvironment, workflowStatusClient } from './activities';
import { dependenciesWith, ignore, MODEL, operationOf, vertexWith } from './export-steps';
import { startRequest } from './requests';

/** The request of a run with a separate folder. */
export const request = startRequest(MODEL);
/** Changes of the request for a folder that several runs share. */
export const SHARED: Partial<StartExportRequest> = {
  perRunFolder: false,
  destinations: { outputUriPrefix: 'gs://exports/shared/' },
};
/** The operation that a new request starts. */
export const NEW = operationOf(request, 9);

/** A start that was made, and what the service received. */
interface Started {
  readonly outcome: Promise<StartedExport>;
  readonly bodies: ExportRequestBody[];
  readonly cancelled: readonly string[];
  readonly listings: () => number;
  readonly releases: () => number;
}

/** What a start finds. */
export interface StartSituation {
  readonly request?: Partial<StartExportRequest>;
  readonly info?: Partial<Info>;
  /** Operations that each listing contains; the last entry is repeated. */
  readonly lists?: readonly (readonly ExportOperation[] | Error)[];
  readonly exportModel?: VertexApi['exportModel'];
  readonly status?: string;
  readonly deps?: Partial<ExportDependencies>;
}

/** Starts an export in a situation. Each request for a start gets the answer that the operation 9 was started. */
export function start({ lists = [[]], info, status, deps, ...situation }: StartSituation = {}): Started {
  const bodies: ExportRequestBody[] = [];
  let releases = 0;
  const { vertex, cancelled, listings } = vertexWith(() => lists[Math.min(listings(), lists.length) - 1] ?? [], {
    exportModel: async (name, body, sending) => {
      if (situation.exportModel) return situation.exportModel(name, body, sending);
      await sending?.beforeSend?.();
      bodies.push(body);
      return NEW;
    },
  });
  const release = (): void => {
    releases += 1;
  };
  const all = dependenciesWith({ vertex, submission: () => Promise.resolve({ vertex, release }), ...deps });
  const client = workflowStatusClient(() => status ?? assert.fail('the status is not requested'));
  const outcome: Promise<StartedExport> = activityEnvironment(info, { client }).run(() =>
    startExport(all, { ...request, ...situation.request }, ignore),
  );
  return { outcome, bodies, cancelled, listings, releases: () => releases };
}
