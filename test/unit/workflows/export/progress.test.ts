import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ExportProgress } from '../../../../src/workflows/export/progress';

const OPERATION = 'projects/p/locations/us-central1/models/1/operations/2';

suite('the progress of an export', () => {
  test('has only its stage and attempts at the beginning', () => {
    const progress = new ExportProgress();
    assert.deepEqual(progress.status(), { stage: 'selecting', exportAttempt: 1, attempts: [] });
    assert.equal(progress.details(), '- **Stage:** selecting');
  });

  test('has everything that is known in its status', () => {
    const known = {
      stage: 'exporting',
      exportAttempt: 2,
      model: 'projects/p/locations/us-central1/models/1@1',
      exportFormatId: 'tflite',
      operation: OPERATION,
      outputInfo: { artifactOutputUri: 'gs://b/p' },
      deadline: '2026-01-02T00:00:00.000Z',
      blocked: { since: '2026-01-01T00:00:00.000Z', type: 'ExportError.PermissionDenied', message: 'm', action: 'a' },
      failure: 'failed',
    } as const;
    const progress = Object.assign(new ExportProgress(), known);
    progress.attempts.push({ operation: OPERATION, outcome: 'failed' });
    const status = progress.status();
    assert.deepEqual(status, { ...known, attempts: [{ operation: OPERATION, outcome: 'failed' }] });
    assert.notEqual(status.attempts, progress.attempts, 'the status is a copy');
  });

  test('is one line for each fact in the Web UI', () => {
    const progress = Object.assign(new ExportProgress(), {
      stage: 'verifying',
      exportAttempt: 2,
      model: 'models/1',
      modelDisplayName: 'Flowers',
      exportFormatId: 'tflite',
      operation: OPERATION,
      outputInfo: { artifactOutputUri: 'gs://b/p', imageOutputUri: 'host/image' },
      deadline: 'tomorrow',
      blocked: { since: 'today', type: 'ExportError.PermissionDenied', message: 'refused', action: 'a' },
      failure: 'failed',
      warnings: ['careful'],
      notes: ['3 files'],
    } as const);
    progress.attempts.push({ operation: 'a/operations/1', outcome: 'failed', reason: 'x'.repeat(200) });
    progress.attempts.push({ operation: 'a/operations/3', outcome: 'verification-failed' });
    progress.attempts.push({ operation: 'a/operations/2', outcome: 'succeeded', reason: 'not shown' });
    assert.deepEqual(progress.details().split('\n'), [
      '- **Stage:** verifying, export attempt 2',
      '- **Blocked:** since today: refused',
      '- **Continue:** fix the cause and send the update `retryExport`, or send `abortExport`',
      '- **Model:** Flowers `models/1`',
      '- **Format:** `tflite`',
      '- **Artifacts:** `gs://b/p`',
      '- **Image:** `host/image`',
      '- **Warning:** careful',
      '- **Verified:** 3 files',
      `- **Operation:** \`${OPERATION}\``,
      '- **Failure:** failed',
      '- **Deadline:** tomorrow',
      `- **Earlier:** \`1\`: ${'x'.repeat(159)}…`,
      '- **Earlier:** `3`: ',
    ]);
  });

  test('shows a Model without a display name by its resource name', () => {
    const progress = Object.assign(new ExportProgress(), { model: 'models/1', outputInfo: {} });
    assert.deepEqual(progress.details().split('\n'), ['- **Stage:** selecting', '- **Model:** `models/1`']);
  });
});
