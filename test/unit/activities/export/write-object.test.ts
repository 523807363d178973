import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { ObjectToWrite, WriteOutcome } from '../../../../src/activities/export/write-object';
import { writeObjectOnce } from '../../../../src/activities/export/write-object';
import type { StorageApi, StorageObject } from '../../../../src/google/storage';
import { activityEnvironment, failureOf } from '../../../support/activities';
import { refusal, storageWith } from '../../../support/export-steps';

const OBJECT: ObjectToWrite = {
  place: { bucket: 'exports', path: 'run/a.json' },
  content: 'new',
  contentType: 'application/json',
  purpose: 'manifest',
};
const md5Of = (text: string): string => createHash('md5').update(text).digest('base64');
const TAKEN = refusal('FAILED_PRECONDITION', 412);
const DENIED = refusal('PERMISSION_DENIED', 403);

interface Situation {
  /** Errors of the writes, in order; a write without one succeeds. */
  readonly writes: readonly (Error | undefined)[];
  readonly objects?: readonly StorageObject[] | Error;
  /** The content of the existing object. */
  readonly content?: string | Error;
  readonly isSame?: (existing: string) => boolean;
  readonly attempt?: number;
}

function existing(content: string, changes: Partial<StorageObject> = {}): StorageObject {
  return {
    name: OBJECT.place.path,
    size: Buffer.byteLength(content),
    generation: '5',
    md5Hash: md5Of(content),
    ...changes,
  };
}

function withoutChecksum(content: string, size = Buffer.byteLength(content)): StorageObject {
  return { name: OBJECT.place.path, size, generation: '5' };
}

function write({ writes, objects = [], content, isSame, attempt = 1 }: Situation) {
  const written: unknown[] = [];
  const read: unknown[] = [];
  const writeObject: StorageApi['writeObject'] = (bucket, name, text, options) => {
    written.push([bucket, name, text, options.contentType, options.ifGeneration]);
    const error = writes[written.length - 1];
    return error ? Promise.reject(error) : Promise.resolve();
  };
  const readRange: StorageApi['readRange'] = (_bucket, { generation }, { start, length }) => {
    read.push([generation, start, length]);
    if (content === undefined) assert.fail('the content is read');
    return content instanceof Error ? Promise.reject(content) : Promise.resolve(Buffer.from(content));
  };
  const { storage, listed } = storageWith(objects, { writeObject, readRange });
  const outcome: Promise<WriteOutcome> = activityEnvironment({ attempt }).run(() =>
    writeObjectOnce(storage, { ...OBJECT, ...(isSame && { isSame }) }),
  );
  return { outcome, written, read, listed };
}

const sent = (ifGeneration: string) => ['exports', 'run/a.json', 'new', 'application/json', ifGeneration];

suite('an object that a step writes once', () => {
  test('is written if none exists', async () => {
    const { outcome, written, listed } = write({ writes: [undefined] });
    assert.deepEqual(await outcome, { outcome: 'written' });
    assert.deepEqual([written, listed], [[sent('0')], []]);
  });

  for (const [title, situation] of [
    ['the same checksum and size', { objects: [existing('new')] }],
    ['the same content without a checksum', { objects: [withoutChecksum('new')], content: 'new' }],
    ['equivalent content', { objects: [existing('same')], content: 'same', isSame: (text: string) => text === 'same' }],
  ] satisfies [string, Partial<Situation>][]) {
    test(`exists already if the existing one has ${title}`, async () => {
      for (const error of [TAKEN, DENIED]) {
        const { outcome, written } = write({ writes: [error], ...situation });
        assert.deepEqual(await outcome, { outcome: 'already there' });
        assert.equal(written.length, 1);
      }
    });
  }

  for (const [title, situation, reads] of [
    ['another checksum', { objects: [existing('old')] }, 0],
    ['the checksum but another size', { objects: [existing('new', { size: 4 })] }, 0],
    ['another content without a checksum', { objects: [withoutChecksum('old')], content: 'old' }, 1],
    ['content that is not equivalent', { objects: [existing('old')], content: 'old', isSame: () => false }, 1],
    ['no content', { objects: [withoutChecksum('')], isSame: () => true }, 0],
    ['more content than is compared', { objects: [withoutChecksum('', 64 * 1024 * 1024 + 1)] }, 0],
    ['content that may not be read', { objects: [withoutChecksum('new')], content: DENIED }, 1],
  ] satisfies [string, Partial<Situation>, number][]) {
    test(`replaces an existing one with ${title}, in its generation`, async () => {
      const { outcome, written, read } = write({ writes: [TAKEN, undefined], ...situation });
      assert.deepEqual(await outcome, { outcome: 'written' });
      assert.deepEqual(written, [sent('0'), sent('5')]);
      assert.equal(read.length, reads);
    });

    test(`is refused if it may not replace one with ${title}`, async () => {
      for (const writes of [[DENIED], [TAKEN, DENIED], [TAKEN, TAKEN]]) {
        const result = await write({ writes, ...situation }).outcome;
        assert.ok(result.outcome === 'refused' && result.failure instanceof ApplicationFailure);
      }
    });
  }

  test('is compared up to the largest size, in one read of the listed generation', async () => {
    const size = 64 * 1024 * 1024;
    const { outcome, read } = write({ writes: [TAKEN], objects: [withoutChecksum('', size)], content: 'new' });
    assert.deepEqual([await outcome, read], [{ outcome: 'already there' }, [['5', 0, size]]]);
  });

  test('was written by an earlier attempt if it exists and may not be listed', async () => {
    const situation = { objects: DENIED, writes: [TAKEN] };
    assert.deepEqual(await write({ ...situation, attempt: 2 }).outcome, { outcome: 'already there' });
    await failureOf(write(situation).outcome, 'ExportError.FailedPrecondition');
    await failureOf(write({ objects: DENIED, writes: [DENIED], attempt: 2 }).outcome, 'ExportError.PermissionDenied');
  });

  test('fails if it is refused and none exists with its whole name', async () => {
    const objects = [existing('new', { name: `${OBJECT.place.path}.old` })];
    const failure = await failureOf(write({ objects, writes: [DENIED] }).outcome, 'ExportError.PermissionDenied');
    assert.match(failure.details.action, /storage\.objects\.create/);
  });

  for (const [title, situation] of [
    ['the write', { writes: [refusal('UNAVAILABLE', 503)] }],
    ['the listing', { writes: [TAKEN], objects: refusal('UNAVAILABLE', 503) }],
    ['the read', { writes: [TAKEN], objects: [withoutChecksum('new')], content: refusal('UNAVAILABLE', 503) }],
    ['the replacement', { writes: [TAKEN, refusal('UNAVAILABLE', 503)], objects: [existing('old')] }],
  ] satisfies [string, Situation][]) {
    test(`is retried after an outage during ${title}`, async () => {
      assert.ok((await failureOf(write(situation).outcome, 'ExportError.Unavailable')).retryable);
    });
  }

  test('is retried for an exhausted quota, which can be a 403', async () => {
    const { outcome, listed } = write({ writes: [refusal('RESOURCE_EXHAUSTED', 403)] });
    assert.ok((await failureOf(outcome, 'ExportError.QuotaExceeded')).retryable);
    assert.deepEqual(listed, []);
  });
});
