import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertRefused, exportBody, useEmulator } from '../../../support/emulator';
import { at, call } from '../../../support/http';
import { addModel, modelEntry, operationsOf, PARENT } from '../../../support/models';

const { services, url, startExport } = useEmulator();

/** Waits for an operation, and returns its response without the type. */
async function responseOf(operation: unknown): Promise<unknown> {
  const { body } = await call('POST', url(`${String(at(operation, 'name'))}:wait?timeout=30s`));
  assert.equal(at(body, 'error'), undefined, JSON.stringify(body));
  return at(body, 'response');
}

const post = async (path: string, body: unknown = {}) => call('POST', url(path), body);

suite('a change of a Model', () => {
  test('takes effect at the end of its operation, and not if it is cancelled', async () => {
    const { vertex } = services();
    const model = addModel(vertex);
    const deleting = await call('DELETE', url(model));
    assert.equal((await call('GET', url(model))).status, 200);
    assert.deepEqual((await post(`${String(at(deleting.body, 'name'))}:cancel`)).body, {});
    const { body } = await call('GET', url(String(at(deleting.body, 'name'))));
    assert.deepEqual([at(body, 'done'), at(body, 'error', 'code')], [true, 1]);
    await responseOf((await call('DELETE', url(model))).body);
    assertRefused(await call('GET', url(model)), 404, 'NOT_FOUND', /does not exist/);
  });

  test('is among the operations, with the types of its kind, and is not an export', async () => {
    const { vertex } = services();
    const model = addModel(vertex, { durationMs: 0 });
    const { body: copying } = await post(`${PARENT}/models:copy`, { sourceModel: model, parentModel: model });
    const exporting = await startExport(model, exportBody());
    const { body } = await call('GET', url(`${model}/operations`));
    const kinds = (at(body, 'operations') as unknown[]).map((operation) => [
      at(operation, 'name'),
      String(at(operation, 'metadata', '@type'))
        .split('.')
        .at(-1),
    ]);
    assert.deepEqual(kinds, [
      [exporting, 'ExportModelOperationMetadata'],
      [at(copying, 'name'), 'CopyModelOperationMetadata'],
    ]);
    assert.equal(operationsOf(vertex, model).length, 1);
    assert.equal(at(await responseOf(copying), 'modelVersionId'), '2');
  });

  test('moves aliases, of which one version has `default`', async () => {
    const model = addModel(services().vertex);
    await responseOf((await post(`${PARENT}/models:copy`, { sourceModel: model, parentModel: model })).body);
    const aliases = async () => {
      const { body } = await call('GET', url(`${model}:listVersions?readMask=versionAliases`));
      return (at(body, 'models') as object[]).map((version) => at(version, 'versionAliases'));
    };
    assert.deepEqual(await aliases(), [['default'], []]);
    await post(`${model}@2:mergeVersionAliases`, { versionAliases: ['golden', 'default'] });
    assert.deepEqual(await aliases(), [[], ['golden', 'default']]);
    await post(`${model}@1:mergeVersionAliases`, { version_aliases: ['golden'] });
    await post(`${model}@2:mergeVersionAliases`, { versionAliases: ['-golden', 'x1'] });
    assert.deepEqual(await aliases(), [['golden'], ['default', 'x1']]);
    for (const versionAliases of [['-default'], ['UPPER'], ['a1', '-a1'], []]) {
      assertRefused(await post(`${model}@2:mergeVersionAliases`, { versionAliases }), 400, 'INVALID_ARGUMENT', /alias/);
    }
    assertRefused(
      await post(`${model}:mergeVersionAliases`, { versionAliases: ['a1'] }),
      400,
      'INVALID_ARGUMENT',
      /name/,
    );
  });

  test('is refused for a Model that is deployed', async () => {
    const { vertex } = services();
    const entry = modelEntry();
    const deployedModels = [{ endpoint: `${PARENT}/endpoints/1`, deployedModelId: '2' }];
    vertex.addModels([{ ...entry, model: { ...entry.model, deployedModels } }]);
    const answer = await call('DELETE', url(entry.model.name));
    assertRefused(answer, 400, 'FAILED_PRECONDITION', /is deployed/);
  });

  test('of an only or default version is refused', async () => {
    const model = addModel(services().vertex);
    const remove = (name: string) => call('DELETE', url(`${name}:deleteVersion`));
    assertRefused(await remove(`${model}@1`), 400, 'FAILED_PRECONDITION', /only version/);
    await responseOf((await post(`${PARENT}/models:copy`, { sourceModel: model, parentModel: model })).body);
    assertRefused(await remove(`${model}@1`), 400, 'FAILED_PRECONDITION', /default version/);
    assertRefused(await remove(`${model}@default`), 400, 'INVALID_ARGUMENT', /version id/);
    assertRefused(await remove(model), 400, 'INVALID_ARGUMENT', /version id/);
  });

  const refusals: [title: string, path: string, body: object, message: RegExp][] = [
    ['an upload without a Model', ':upload', {}, /model is required/],
    ['an upload without a name', ':upload', { model: {} }, /display_name/],
    ['a name that is too long', ':upload', { model: { displayName: 'x'.repeat(129) } }, /display_name/],
    ['an id that starts with a number', ':upload', { model: { displayName: 'x' }, modelId: '1a' }, /model_id/],
    ['a label in upper case', ':upload', { model: { displayName: 'x', labels: { A: 'x' } } }, /label/],
    ['an alias in upper case', ':upload', { model: { displayName: 'x', versionAliases: ['A'] } }, /alias/],
    ['files that are not in a bucket', ':upload', { model: { displayName: 'x', artifactUri: '/x' } }, /artifact_uri/],
    ['a field that Models lack', ':upload', { model: { displayName: 'x', nope: 1 } }, /Unknown name "nope" at 'model'/],
    ['a copy of nothing', ':copy', {}, /source_model/],
    ['a copy of another project', ':copy', { sourceModel: 'projects/x/locations/y/models/1' }, /same project/],
  ];
  for (const [title, path, body, message] of refusals) {
    test(`is refused for ${title}`, async () => {
      assertRefused(await post(`${PARENT}/models${path}`, body), 400, 'INVALID_ARGUMENT', message);
    });
  }
});

test('a copy can be exported in its own location', async () => {
  const { vertex } = services();
  const model = addModel(vertex);
  const parent = PARENT.replace('us-central1', 'europe-west4');
  const { body } = await post(`${parent}/models:copy`, { sourceModel: model, modelId: 'copied' });
  assert.match(String(at(await responseOf(body), 'model')), /locations\/europe-west4\/models\/copied$/);
  const answer = await post(`${parent}/models/copied:export`, exportBody());
  assertRefused(answer, 400, 'FAILED_PRECONDITION', /`us-central1`.*service location `europe-west4`/);
});

test('permissions are granted except the denied ones, and wildcards are refused', async () => {
  const { vertex } = services();
  const model = addModel(vertex);
  vertex.setCapabilities({ deniedPermissions: ['aiplatform.models.export'] });
  const query = 'permissions=aiplatform.models.get&permissions=aiplatform.models.export';
  const { body } = await post(`${model}:testIamPermissions?${query}`);
  assert.deepEqual(body, { permissions: ['aiplatform.models.get'] });
  const wildcard = await post(`${model}:testIamPermissions?permissions=aiplatform.*`);
  assertRefused(wildcard, 400, 'INVALID_ARGUMENT', /permission/);
});
