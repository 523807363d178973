import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { childWorkflowId, exportFolderName } from '../../../src/contract/workflow-id';
import type { ExportModelInput } from '../../../src/contract/export-input';

const MODEL = 'projects/p-1/locations/us-central1/models/123';

function input(changes: { name?: string; prefix?: string; format?: string } = {}): ExportModelInput {
  const { name = `${MODEL}@2`, prefix = 'gs://bucket/a', format = 'tflite' } = changes;
  return { name, outputConfig: { exportFormatId: format, artifactDestination: { outputUriPrefix: prefix } } };
}

suite('the workflow id of an export of a fleet', () => {
  test("the workflow id of a fleet's export has fleet, Model, version, format and a digest", () => {
    assert.match(childWorkflowId('nightly', input()), /^nightly-123-2-tflite-[0-9a-f]{12}$/);
    assert.match(childWorkflowId('nightly', input({ name: MODEL })), /^nightly-123-default-tflite-[0-9a-f]{12}$/);
  });

  test("the workflow id of a fleet's export has at most 200 characters for parts of any length", () => {
    const name = `projects/p-1/locations/us-central1/models/${'m'.repeat(128)}@${'v'.repeat(128)}`;
    for (const fleet of ['f'.repeat(1_000), '\u{1f600}'.repeat(250)]) {
      const id = childWorkflowId(fleet, input({ name, format: 'x'.repeat(128) }));
      assert.ok(Array.from(id).length <= 200, id);
      assert.ok(Buffer.byteLength(id) <= 1_000);
      assert.doesNotMatch(id, /\p{Surrogate}/u);
    }
  });

  test('different exports have different workflow ids even if their visible parts are equal', () => {
    const long = 'f'.repeat(100);
    const ids = [
      childWorkflowId('nightly', input()),
      childWorkflowId('nightly', input({ prefix: 'gs://bucket/b' })),
      childWorkflowId('nightly', input({ name: MODEL })),
      childWorkflowId('nightly', input({ format: 'core-ml' })),
      childWorkflowId(`${long}1`, input()),
      childWorkflowId(`${long}2`, input()),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });

  test('one export has the same workflow id in each notation of its input', () => {
    const encoded = input({ name: `${MODEL}%402`, prefix: 'gs://bucket/a/' });
    assert.equal(childWorkflowId('nightly', encoded), childWorkflowId('nightly', input()));
  });
});

suite('the folder of a workflow id', () => {
  test('the folder name of a workflow id is the id itself if it is safe in an object name', () => {
    for (const id of ['export-123-tflite-0123456789ab', 'A.b_c-d', '...x']) assert.equal(exportFolderName(id), id);
  });

  test('the folder name of a workflow id is never a relative path, empty or longer than 200 characters', () => {
    for (const id of ['.', '..', '...', '', '/', '../..', 'a/../b', 'x'.repeat(1_000), '.'.repeat(500), '\u{1f600}']) {
      const name = exportFolderName(id);
      assert.match(name, /^(?!\.+$)[A-Za-z0-9._-]{1,200}$/, id);
    }
  });

  test('different workflow ids have different folder names', () => {
    const ids = ['a/b', 'a_b', 'a b', 'a?b', '.', '..', '_', 'x'.repeat(200), 'x'.repeat(201), 'x'.repeat(202)];
    assert.equal(new Set(ids.map(exportFolderName)).size, ids.length);
  });
});
