import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requireRunFolder, requireUnsharedFolder } from '../../../../src/activities/export/run-folder';
import type { RunOperation } from '../../../../src/contract/export-activities';
import { formerFolderName } from '../../../../src/contract/resource-names';
import { exportFolderName } from '../../../../src/contract/workflow-id';

const RUN = '01234567-89ab-4cde-8f01-23456789abcd';
const SHARED = 'gs://exports/shared/';
const RUN_FOLDER: RunOperation = {
  model: 'projects/demo-project/locations/us-central1/models/1@1',
  destinations: { outputUriPrefix: `${SHARED}${RUN}/` },
  perRunFolder: true,
  notBefore: '2026-01-01T00:00:00.000Z',
  exclude: [],
};
const SHARED_FOLDER = { ...RUN_FOLDER, destinations: { outputUriPrefix: SHARED }, perRunFolder: false };

suite('a folder of a run', () => {
  const workflowId = 'some workflow';
  const caller = { workflowExecution: { workflowId, runId: 'this-run' } };
  const folder = `gs://exports/${exportFolderName(workflowId)}/${RUN}/`;

  test('is one below the folder of the calling workflow, of any of its runs', () => {
    requireRunFolder(folder, caller);
    requireUnsharedFolder({ ...RUN_FOLDER, destinations: { outputUriPrefix: folder } }, caller);
    requireUnsharedFolder(SHARED_FOLDER, caller);
  });

  test('of an earlier version is that of this run alone', () => {
    const former = `gs://exports/${formerFolderName(workflowId)}`;
    requireRunFolder(`${former}/this-run/`, caller);
    for (const other of [`${former}/other-run/`, `${former}/this-run/x`, 'gs://exports/x/this-run/']) {
      assert.throws(() => {
        requireRunFolder(other, caller);
      }, /is not a folder of the workflow/);
    }
  });

  test('is refused for another workflow, without a run, for a deeper path, and for a caller without a name', () => {
    for (const [uri, from] of [
      [folder, { workflowExecution: { workflowId: 'other', runId: 'this-run' } }],
      [folder, {}],
      [folder.slice(0, -1), caller],
      [`${folder}deeper/`, caller],
      [`gs://exports/${exportFolderName(workflowId)}/x${RUN}/`, caller],
      [`gs://exports/${exportFolderName(workflowId)}/${RUN}x/`, caller],
      [`gs://exports/${exportFolderName(workflowId)}/other-run/`, caller],
      ['here', caller],
    ] as const) {
      assert.throws(
        () => {
          requireRunFolder(uri, from);
        },
        new RegExp(`^\\w*Failure: ${uri} is not a folder of the workflow `),
        uri,
      );
    }
    assert.throws(() => {
      requireUnsharedFolder(RUN_FOLDER, caller);
    }, /is not a folder of the workflow some workflow/);
  });
});
