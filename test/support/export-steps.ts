import assert from 'node:assert/strict';
import type { ExportDependencies } from '../../src/activities/dependencies';
import type { RunOperation } from '../../src/contract/export-activities';
import { GoogleApiError } from '../../src/google/api-error';
import type { StorageApi, StorageObject } from '../../src/google/storage';
import type { ExportOperation, VertexApi } from '../../src/google/vertex';

/** The Model that steps are tested with. */
export const MODEL = 'projects/demo-project/locations/us-central1/models/1';

/** Ignores the details of heartbeats. */
export const ignore = (): void => undefined;

/** The error of an operation that was cancelled. */
export const CANCELLED = { code: 1, message: 'The operation was cancelled.' };

/** An operation of a run, created some seconds after the run began. It runs unless `changes` end it. */
export function operationOf(
  run: RunOperation,
  id: number,
  { seconds = id, ...changes }: Partial<ExportOperation> & { readonly seconds?: number } = {},
): ExportOperation {
  const createTime = new Date(Date.parse(run.notBefore) + seconds * 1_000).toISOString();
  const { outputUriPrefix, imageUri } = run.destinations;
  const outputInfo = {
    ...(outputUriPrefix !== undefined && { artifactOutputUri: `${outputUriPrefix}model` }),
    ...(imageUri !== undefined && { imageOutputUri: imageUri }),
  };
  return {
    name: `${MODEL}/operations/${id}`,
    done: false,
    metadata: { genericMetadata: { createTime }, outputInfo },
    ...changes,
  };
}

/** An answer of Google with an error. */
export function refusal(status: GoogleApiError['status'], httpStatus: number, retryDelayMs?: number): GoogleApiError {
  return new GoogleApiError('injected', status, httpStatus, `GET ${MODEL}`, retryDelayMs);
}

/** Vertex AI with the given calls. Lists have one page; each other call fails the test. */
export function vertexWith(
  list: () => readonly ExportOperation[] | Error,
  calls: Partial<VertexApi> = {},
): { readonly vertex: VertexApi; readonly cancelled: string[]; readonly listings: () => number } {
  const cancelled: string[] = [];
  let listings = 0;
  const unexpected = (): never => assert.fail('the call is not expected');
  const vertex: VertexApi = {
    getModel: unexpected,
    listModels: unexpected,
    exportModel: unexpected,
    getOperation: unexpected,
    waitOperation: unexpected,
    listOperations: () => {
      listings += 1;
      const listed = list();
      return listed instanceof Error
        ? Promise.reject(listed)
        : Promise.resolve({ operations: [...listed], nextPageToken: '' });
    },
    cancelOperation: (name) => {
      cancelled.push(name);
      return Promise.resolve();
    },
    ...calls,
  };
  return { vertex, cancelled, listings: () => listings };
}

/** Cloud Storage with the given calls. Every directory has the given objects, and each other call fails the test. */
export function storageWith(
  objects: readonly StorageObject[] | Error,
  calls: Partial<StorageApi> = {},
): { readonly storage: StorageApi; readonly listed: string[] } {
  const listed: string[] = [];
  const unexpected = (): never => assert.fail('the call is not expected');
  const storage: StorageApi = {
    getBucket: unexpected,
    readRange: unexpected,
    writeObject: unexpected,
    deleteObject: unexpected,
    // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
    listObjects: async function* (bucket, prefix) {
      listed.push(`gs://${bucket}/${prefix}`);
      if (objects instanceof Error) throw objects;
      yield [...objects];
    },
    ...calls,
  };
  return { storage, listed };
}

/** Dependencies without a quota, with the given services and settings. */
export function dependenciesWith(changes: Partial<ExportDependencies>): ExportDependencies {
  const unexpected = (): never => assert.fail('the call is not expected');
  const { vertex } = changes.vertex === undefined ? vertexWith(unexpected) : { vertex: changes.vertex };
  return {
    vertex,
    storage: storageWith([]).storage,
    registry: { getManifest: unexpected, getBlobSize: unexpected, readBlob: unexpected },
    poller: { waitForEnd: unexpected },
    submission: () => Promise.resolve({ vertex, release: ignore }),
    uploadBuckets: [],
    settleDelayMs: 0,
    refusedMs: 60_000,
    ...changes,
  };
}
