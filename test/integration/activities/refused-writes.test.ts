import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { beforeEach, suite, test } from 'node:test';
import type { FaultRule } from '../../../emulator';
import type { ExportActivities, VerifyExportRequest } from '../../../src/contract/export-activities';
import type { WriteResultsRequest } from '../../../src/contract/fleet-activities';
import { exportManifestSchema } from '../../../src/manifest/statement';
import { ExportFailureType } from '../../../src/contract/failures';
import { activitiesOf, activityEnvironment, failureOf, run } from '../../support/activities';
import { addModel } from '../../support/models';
import { upload } from '../../support/objects';
import { useGoogleServices } from '../../support/services';
import { exported } from '../../support/verification';

const services = useGoogleServices();
beforeEach(() => {
  services().vertex.clearFaults();
});

/** Activities whose object store can be made to refuse. */
function activities(): ExportActivities {
  const { vertex, registry } = services();
  return activitiesOf(services(), { emulators: { vertex: vertex.url, storage: vertex.url, registry: registry.url } });
}

/** Runs an activity as its nth attempt. */
function runAttempt<Request, Result>(
  attempt: number,
  activity: (request: Request) => Promise<Result>,
  request: Request,
  heartbeatDetails?: unknown,
): Promise<{ result: Promise<Result>; beats: unknown[] }> {
  const environment = activityEnvironment({ attempt, heartbeatDetails });
  const beats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => beats.push(details));
  const result: Promise<Result> = environment.run(activity, request);
  return Promise.resolve({ result, beats });
}

const refusal = (reason: string, code = 403): FaultRule['fault'] => ({
  status: code,
  body: { error: { code, message: `injected ${reason}`, errors: [{ domain: 'global', reason }] } },
});

async function objects(prefix: string): Promise<Map<string, string>> {
  const { store } = services();
  const base = `${store.url}/storage/v1/b/exports/o`;
  const response = await fetch(`${base}?prefix=${encodeURIComponent(prefix)}`);
  const { items = [] } = (await response.json()) as { items?: { name: string }[] };
  const read = async ({ name }: { name: string }): Promise<[string, string]> => {
    const content = await fetch(`${base}/${encodeURIComponent(name)}?alt=media`);
    return [name.slice(prefix.length), await content.text()];
  };
  return new Map(await Promise.all(items.map(read)));
}

suite('the manifest of an export', () => {
  const UPLOADS = { method: 'POST', path: '^/upload/' };

  async function request(): Promise<VerifyExportRequest> {
    const model = addModel(services().vertex);
    return exported(services(), model, 'tflite', { level: 'listing', writeManifest: true });
  }

  async function content(uri: string): Promise<string> {
    return (await objects(uri.replace('gs://exports/', ''))).get('') ?? '';
  }

  for (const reason of ['retentionPolicyNotMet', 'objectUnderActiveHold', 'forbidden', 'conditionNotMet']) {
    test(`counts as written if an earlier attempt wrote it and a second write is refused by ${reason}`, async () => {
      const asked = await request();
      const { verifyExport } = activities();
      const first = (await run(verifyExport, asked)).files?.manifestUri ?? '';
      const before = await content(first);
      const httpStatus = reason === 'conditionNotMet' ? 412 : 403;
      const fault = services().vertex.addFault({ match: UPLOADS, fault: refusal(reason, httpStatus) });
      const { files, notes } = await run(verifyExport, asked);
      assert.deepEqual([files?.manifestUri, notes], [first, []]);
      assert.ok(services().vertex.faultUses(fault) > 0);
      assert.equal(await content(first), before);
    });
  }

  test('is written once even if the answer to the write is lost', async () => {
    const asked = await request();
    services().vertex.addFault({ match: UPLOADS, when: 'after', times: 1, fault: { reset: true } });
    const { verifyExport } = activities();
    const { retryable } = await failureOf(run(verifyExport, asked), ExportFailureType.Unavailable);
    assert.ok(retryable);
    const { files, notes } = await run(verifyExport, asked);
    assert.deepEqual(notes, []);
    assert.equal(exportManifestSchema.parse(JSON.parse(await content(files?.manifestUri ?? ''))).predicate.count, 1);
  });

  test('of an earlier operation is replaced if that is allowed', async () => {
    const asked = await request();
    const { verifyExport } = activities();
    const { manifestUri = '' } = (await run(verifyExport, asked)).files ?? {};
    await upload(services().store, manifestUri.replace('gs://exports/', ''), '{"other": "manifest"}');
    const { files } = await run(verifyExport, asked);
    assert.equal(files?.manifestUri, manifestUri);
    assert.match(await content(manifestUri), /in-toto/);
  });

  for (const reason of ['retentionPolicyNotMet', 'forbidden']) {
    test(`of an earlier operation stays if ${reason} protects it, and the export succeeds with a note`, async () => {
      const asked = await request();
      const { verifyExport } = activities();
      const { manifestUri = '' } = (await run(verifyExport, asked)).files ?? {};
      await upload(services().store, manifestUri.replace('gs://exports/', ''), '{"other": "manifest"}');
      services().vertex.addFault({ match: UPLOADS, fault: refusal(reason) });
      const { files, notes } = await run(verifyExport, asked);
      assert.equal(files?.count, 1);
      assert.equal(files.manifestUri, undefined);
      assert.match(
        notes.join('\n'),
        new RegExp(`the manifest was not written, because another object exists at .*${manifestUri}.*${reason}`),
      );
      assert.equal(await content(manifestUri), '{"other": "manifest"}');
    });
  }

  test('fails with the missing permission if it cannot be written', async () => {
    const asked = await request();
    services().vertex.addFault({ match: UPLOADS, fault: refusal('forbidden') });
    const failure = await failureOf(run(activities().verifyExport, asked), ExportFailureType.PermissionDenied);
    assert.equal(failure.retryable, false);
    assert.match(failure.details.action, /roles\/storage\.objectUser/);
    assert.equal(failure.details.reason, 'forbidden');
  });

  for (const [title, fault] of [
    ['a rate limit as 403', refusal('rateLimitExceeded')],
    ['a 503', { html: 503 }],
  ] as const) {
    test(`is written later after ${title}`, async () => {
      const asked = await request();
      services().vertex.addFault({ match: UPLOADS, times: 1, fault });
      const { verifyExport } = activities();
      await assert.rejects(run(verifyExport, asked), { nonRetryable: false });
      assert.ok((await run(verifyExport, asked)).files?.manifestUri);
    });
  }
});

suite('the results of a fleet', () => {
  const request = (): WriteResultsRequest => ({
    uri: `gs://exports/test/${randomUUID()}/results-00001.jsonl`,
    exports: [],
  });

  test('count as written if they exist with the same bytes, whatever the answer to a second write is', async () => {
    const asked = request();
    const { writeResults } = activities();
    await run(writeResults, asked);
    for (const reason of ['retentionPolicyNotMet', 'objectUnderActiveHold', 'forbidden']) {
      services().vertex.clearFaults();
      services().vertex.addFault({ match: { path: '^/upload/' }, fault: refusal(reason) });
      await run(writeResults, asked);
    }
  });

  test('count as written by an earlier attempt if an object exists that the account may not list', async () => {
    const asked = request();
    const { writeResults } = activities();
    await run(writeResults, asked);
    services().vertex.addFault({ match: { method: 'GET', path: '/b/exports/o' }, fault: refusal('forbidden') });
    await (
      await runAttempt(2, writeResults, asked)
    ).result;
    const { result } = await runAttempt(1, writeResults, asked);
    await failureOf(result, ExportFailureType.FailedPrecondition);
  });

  test('fail with the reason if they cannot replace other objects', async () => {
    const asked = request();
    const { writeResults } = activities();
    await upload(services().store, asked.uri.replace('gs://exports/', ''), 'of another run');
    services().vertex.addFault({ match: { path: '^/upload/' }, fault: refusal('retentionPolicyNotMet') });
    const { message } = await failureOf(run(writeResults, asked), ExportFailureType.PermissionDenied);
    assert.match(message, /retention policy of the bucket protects the object/);
  });
});

suite('the partial output of a cancelled export', () => {
  async function partial(names = ['a', 'b', 'c', 'd']): Promise<{ folder: string; prefix: string }> {
    const prefix = `test/${randomUUID()}/`;
    for (const name of names) await upload(services().store, `${prefix}${name}`, name);
    return { folder: `gs://exports/${prefix}`, prefix };
  }
  const asked = (folder: string) => ({ folder, heartbeatTimeoutMs: 60_000 });
  const deleteOf = (name: string): FaultRule['match'] => ({ method: 'DELETE', path: `/${name}$` });

  for (const reason of ['retentionPolicyNotMet', 'objectUnderActiveHold', 'forbidden']) {
    test(`is deleted except for the objects that ${reason} protects, and both are counted`, async () => {
      const { folder, prefix } = await partial();
      services().vertex.addFault({ match: deleteOf('[ac]'), fault: refusal(reason) });
      const { count, kept } = await run(activities().deletePartialArtifacts, asked(folder));
      assert.deepEqual([count, kept?.count], [2, 2]);
      assert.match(kept?.reason ?? '', new RegExp(`gs://exports/${prefix}a: PERMISSION_DENIED \\(${reason}\\)`));
      assert.deepEqual([...(await objects(prefix)).keys()], ['a', 'c']);
    });
  }

  test('is counted as deleted once, even if attempts failed midway', async () => {
    const { folder, prefix } = await partial();
    const { deletePartialArtifacts } = activities();
    services().vertex.addFault({ match: deleteOf('c'), times: 1, fault: { html: 503 } });
    const first = await runAttempt(1, deletePartialArtifacts, asked(folder));
    await failureOf(first.result, ExportFailureType.Unavailable);
    assert.deepEqual(first.beats.at(-1), { step: 'deleting', objectsFound: 4, objectsDeleted: 2 });
    const second = await runAttempt(2, deletePartialArtifacts, asked(folder), first.beats.at(-1));
    assert.deepEqual(await second.result, { count: 4 });
    assert.equal((await objects(prefix)).size, 0);
  });

  test('is counted as deleted even if the answer was lost or the worker died before its report', async () => {
    const { folder } = await partial();
    const { deletePartialArtifacts } = activities();
    services().vertex.addFault({ match: deleteOf('c'), when: 'after', times: 1, fault: { reset: true } });
    const first = await runAttempt(1, deletePartialArtifacts, asked(folder));
    await failureOf(first.result, ExportFailureType.Unavailable);
    // The first heartbeat was sent before anything was deleted.
    const second = await runAttempt(2, deletePartialArtifacts, asked(folder), first.beats[0]);
    assert.deepEqual(await second.result, { count: 4 });
  });

  test('is deleted even if the heartbeat details of an earlier attempt are of another kind', async () => {
    for (const details of [null, 7, 'x', [], { objectsFound: -1, objectsDeleted: 'x' }]) {
      const { folder } = await partial();
      const { result } = await runAttempt(2, activities().deletePartialArtifacts, asked(folder), details);
      assert.deepEqual(await result, { count: 4 });
    }
  });

  test('is deleted even if it was written during the deletion', async () => {
    const { folder, prefix } = await partial(['a']);
    const { vertex, store } = services();
    vertex.addFault({ match: deleteOf('a'), times: 1, fault: { delayMs: 300 } });
    const deleting = run(activities().deletePartialArtifacts, asked(folder));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await upload(store, `${prefix}late`, 'late');
    assert.deepEqual(await deleting, { count: 2 });
    assert.equal((await objects(prefix)).size, 0);
  });
});
