import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type {
  AwaitedExport,
  ExportPlan,
  StartedExport,
  VerifiedExport,
} from '../../../../src/contract/export-activities';
import type { ExportVerification } from '../../../../src/contract/export-result';
import { ExportProgress } from '../../../../src/workflows/export/progress';
import { exportResult, partialFailureNotes, verificationNotes } from '../../../../src/workflows/export/result';

const OPERATION = 'projects/p/locations/us-central1/models/1/operations/2';
const PLAN: Partial<ExportPlan> = {
  model: 'projects/p/locations/us-central1/models/1@1',
  modelDisplayName: 'Flowers',
  exportFormatId: 'tflite',
  verification: { level: 'structure' },
};
const STARTED: Partial<StartedExport> = { operation: OPERATION, adoption: 'started' };
const ENDED: AwaitedExport = { outputInfo: { artifactOutputUri: 'gs://b/p' }, polls: 3 };
const LABELS: NonNullable<ExportVerification['inspected']>[number] = {
  path: 'labels.txt',
  kind: 'labels',
  summary: { lines: 2 },
};

function result(ended: AwaitedExport, verified: VerifiedExport) {
  const progress = new ExportProgress();
  progress.attempts.push({ operation: OPERATION, outcome: 'succeeded' });
  return exportResult(PLAN as ExportPlan, progress, STARTED as StartedExport, ended, verified, new Date(1_000));
}

suite('the result of an export', () => {
  test('has what the steps returned, and no field that they did not', () => {
    const { timings, ...rest } = result(ENDED, { notes: ['a note'] });
    assert.deepEqual(rest, {
      model: PLAN.model,
      modelDisplayName: 'Flowers',
      exportFormatId: 'tflite',
      operation: OPERATION,
      adoption: 'started',
      outputInfo: ENDED.outputInfo,
      verification: { level: 'structure', notes: ['a note'] },
      attempts: [{ operation: OPERATION, outcome: 'succeeded' }],
    });
    assert.equal(timings.startTime, '1970-01-01T00:00:01.000Z');
    assert.equal(Date.parse(timings.endTime) - 1_000, timings.totalMs);
    assert.deepEqual(Object.keys(timings), ['startTime', 'endTime', 'totalMs']);
  });

  test('has the times of the operation, partial failures, files, image and reads', () => {
    const partialFailures = [{ code: 5, status: 'NOT_FOUND', message: 'gone' }];
    const files = { count: 1, bytes: 2, manifestSha256: 'f'.repeat(64), entries: [], truncated: false };
    const image = { pinnedUri: 'host/image@sha256:1', digest: 'd', mediaType: 'm', platforms: [], layers: 1, bytes: 2 };
    const reads = { listRequests: 1, readRequests: 2, bytes: 3 };
    const ended = { ...ENDED, createTime: 'then', updateTime: 'now', partialFailures };
    const found = result(ended, { notes: ['a note'], files, image, reads, inspected: [LABELS] });
    assert.deepEqual([found.partialFailures, found.files, found.image], [partialFailures, files, image]);
    assert.deepEqual(found.verification, {
      level: 'structure',
      notes: ['partial failure: NOT_FOUND: gone', 'a note'],
      reads,
      inspected: [LABELS],
    });
    assert.deepEqual([found.timings.operationCreateTime, found.timings.operationUpdateTime], ['then', 'now']);
  });
});

suite('the notes about an export', () => {
  test('name three partial failures and count the others', () => {
    const failure = (index: number) => ({ code: 5, status: 'NOT_FOUND', message: `gone ${index}` });
    const ended = { ...ENDED, partialFailures: [1, 2, 3, 4].map(failure), morePartialFailures: 2 };
    assert.deepEqual(partialFailureNotes(ended), [
      'partial failure: NOT_FOUND: gone 1',
      'partial failure: NOT_FOUND: gone 2',
      'partial failure: NOT_FOUND: gone 3',
      'and 3 more partial failures',
    ]);
    assert.deepEqual(partialFailureNotes(ENDED), []);
  });

  test('have the files, the image, three inspected files and the findings of the verification', () => {
    const files = { count: 1, bytes: 2, manifestSha256: '0123456789abcdef', entries: [], truncated: false };
    const image = { pinnedUri: 'host/image@sha256:1', digest: 'd', mediaType: 'm', platforms: [], layers: 1, bytes: 2 };
    const inspected = Array.from({ length: 4 }, () => LABELS);
    assert.deepEqual(verificationNotes({ files, image, inspected, notes: ['a note'] }), [
      '1 files, 2 bytes, manifest sha256 `0123456789ab`',
      '`host/image@sha256:1`',
      ...Array.from({ length: 3 }, () => '`labels.txt`: labels, 2 lines'),
      'a note',
    ]);
    assert.deepEqual(verificationNotes({ notes: [] }), []);
  });
});
