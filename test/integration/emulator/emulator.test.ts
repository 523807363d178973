import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertRefused, exportBody, useEmulator } from '../../support/emulator';
import { at, call } from '../../support/http';
import { addModel, MODELS, PARENT } from '../../support/models';

const { services, url, startExport } = useEmulator();

suite('models of the emulator', () => {
  test('are returned by version, alias, %40 or the plain name, below v1 and v1beta1, with the parameters of other clients', async () => {
    const versions: [string, string][] = [
      [MODELS.iris, '2'],
      [`${MODELS.iris}@1`, '1'],
      [`${MODELS.iris}@first`, '1'],
      [`${MODELS.iris}%40default`, '2'],
      [`${MODELS.iris}?$alt=json;enum-encoding=int`, '2'],
    ];
    for (const [path, version] of versions) {
      for (const api of ['v1', 'v1beta1']) {
        const { status, body } = await call('GET', url(path, api));
        assert.deepEqual([status, at(body, 'versionId')], [200, version], path);
      }
    }
  });

  test('are the same by the ID and by the number of their project', async () => {
    const operation = await startExport(MODELS.flowers);
    const [, number = ''] = operation.split('/');
    assert.match(number, /^\d+$/);
    const { body } = await call('GET', url(MODELS.flowers.replace('demo-project', number)));
    assert.equal(at(body, 'displayName'), 'flowers');
  });

  test('are listed in pages, with a filter and with a field mask', async () => {
    const first = await call('GET', url(`${PARENT}/models?pageSize=2`));
    assert.equal((at(first.body, 'models') as unknown[]).length, 2);
    const token = String(at(first.body, 'nextPageToken'));
    const second = await call('GET', url(`${PARENT}/models?pageSize=2&pageToken=${encodeURIComponent(token)}`));
    assert.notDeepEqual(at(second.body, 'models', 0, 'name'), at(first.body, 'models', 0, 'name'));

    const filter = encodeURIComponent('display_name="iris"');
    const { body } = await call('GET', url(`${PARENT}/models?filter=${filter}&readMask=name,displayName`));
    assert.deepEqual(at(body, 'models'), [{ name: MODELS.iris, displayName: 'iris' }]);
    assertRefused(await call('GET', url(`${PARENT}/models?filter=nonsense`)), 400, 'INVALID_ARGUMENT', /filter/);
    assertRefused(await call('GET', url(`${PARENT}/models?pageToken=x`)), 400, 'INVALID_ARGUMENT', /page/i);
  });

  test('have a list of their versions', async () => {
    const { body } = await call('GET', url(`${MODELS.iris}:listVersions`));
    const versions = (at(body, 'models') as { versionId: string }[]).map(({ versionId }) => versionId);
    assert.deepEqual(versions, ['1', '2']);
  });

  test('that are unknown cause an error with their name', async () => {
    const answer = await call('GET', url(`${PARENT}/models/404`));
    assertRefused(answer, 404, 'NOT_FOUND', /^The Model does not exist: projects\/demo-project\/.*\/models\/404$/);
  });
});

suite('operations of the emulator', () => {
  test('keep the type names of the API version that started them, even below /ui/', async () => {
    const model = addModel(services().vertex, { durationMs: 0 });
    for (const version of ['v1', 'v1beta1']) {
      const operation = await startExport(model, exportBody(), version);
      await call('POST', url(`${operation}:wait`));
      for (const api of ['v1', 'v1beta1', 'ui']) {
        const { body } = await call('GET', url(operation, api));
        const type = `type.googleapis.com/google.cloud.aiplatform.${version}`;
        assert.equal(at(body, 'metadata', '@type'), `${type}.ExportModelOperationMetadata`, api);
        assert.equal(at(body, 'response', '@type'), `${type}.ExportModelResponse`, api);
      }
    }
  });

  test('are returned and listed below the Model and below the location, newest first and in pages', async () => {
    const model = addModel(services().vertex, { durationMs: 0 });
    const started = [await startExport(model), await startExport(model), await startExport(model)];
    const [first = ''] = started;
    const short = `${first.split('/models/')[0] ?? ''}/operations/${first.split('/').at(-1) ?? ''}`;
    assert.equal(at((await call('GET', url(short))).body, 'name'), first);

    const seen: string[] = [];
    let token: unknown = '';
    do {
      const { body } = await call(
        'GET',
        url(`${model}/operations?pageSize=2&pageToken=${encodeURIComponent(String(token))}`),
      );
      seen.push(...((at(body, 'operations') ?? []) as { name: string }[]).map(({ name }) => name));
      token = at(body, 'nextPageToken');
    } while (token !== undefined);
    assert.deepEqual(seen, [...started].reverse());
    const all = await call('GET', url(`${PARENT}/operations?pageSize=1000`));
    const names = (at(all.body, 'operations') as { name: string }[]).map(({ name }) => name);
    assert.ok(started.every((name) => names.includes(name)));
  });

  test('answer {} to cancel, with and without a body, and to delete', async () => {
    const operation = await startExport(addModel(services().vertex, { durationMs: 60_000 }));
    assert.deepEqual((await call('POST', url(`${operation}:cancel`), '{}')).body, {});
    assert.deepEqual((await call('POST', url(`${operation}:cancel`))).body, {});
    assert.deepEqual((await call('DELETE', url(operation))).body, {});
    assertRefused(await call('GET', url(operation)), 404, 'NOT_FOUND', /does not exist/);
  });

  test('are held by :wait for at most the requested time', async () => {
    const operation = await startExport(addModel(services().vertex, { durationMs: 60_000 }));
    const { status, body } = await call('POST', url(`${operation}:wait?timeout=0.1s`));
    assert.deepEqual([status, at(body, 'done')], [200, undefined]);
  });

  test('are not confused with verbs of other resources', async () => {
    for (const path of [`${PARENT}/endpoints/1:export`, `${PARENT}/models:export`, `${MODELS.flowers}:deploy`]) {
      assert.equal((await call('POST', url(path), exportBody())).status, 404, path);
    }
  });
});
