import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertRefused, exportBody, useEmulator } from '../../../support/emulator';
import { at, call } from '../../../support/http';
import { addModel, MODELS, operationsOf, PARENT } from '../../../support/models';

const { services, url, startExport } = useEmulator();

suite('an answer', () => {
  test('has numbers in place of enums if the client asks for them', async () => {
    for (const query of ['$alt=json;enum-encoding=int', 'alt=json%3Benum-encoding%3Dint']) {
      const { body } = await call('GET', url(`${MODELS.flowers}?${query}`));
      assert.equal(at(body, 'modelSourceInfo', 'sourceType'), 1);
      assert.deepEqual(at(body, 'supportedExportFormats', 0, 'exportableContents'), [1]);
    }
  });

  test('has the selected fields only', async () => {
    const { body } = await call('GET', url(`${MODELS.flowers}?fields=displayName,supportedExportFormats(id)`));
    assert.deepEqual(Object.keys(body as object).sort(), ['displayName', 'supportedExportFormats']);
    assert.deepEqual(at(body, 'supportedExportFormats', 0), { id: 'tflite' });
    const refused = await call('GET', url(`${MODELS.flowers}?fields=nope`));
    assertRefused(refused, 400, 'INVALID_ARGUMENT', /^Request contains an invalid argument\.$/);
    assert.match(
      String(at(refused.body, 'error', 'details', 0, 'fieldViolations', 0, 'description')),
      /^Error expanding 'fields' parameter/,
    );
  });

  test('is on one line without prettyPrint', async () => {
    const pretty = await (await fetch(url(MODELS.flowers))).text();
    const plain = await (await fetch(url(`${MODELS.flowers}?prettyPrint=false`))).text();
    assert.ok(pretty.trim().includes('\n') && !plain.trim().includes('\n'));
    assert.deepEqual(JSON.parse(pretty), JSON.parse(plain));
  });

  test('has errors in the first format if the client asks for it', async () => {
    const { body } = await call('GET', url(`${PARENT}/models/404?$.xgafv=1`));
    assert.equal(at(body, 'error', 'errors', 0, 'reason'), 'notFound');
    assert.equal(at((await call('GET', url(`${PARENT}/models/404`))).body, 'error', 'errors'), undefined);
  });
});

suite('a request', () => {
  const invalid: [title: string, method: string, path: string, message: RegExp][] = [
    ['an unknown parameter', 'GET', `${MODELS.flowers}?foo=1`, /Unknown name "foo": Cannot bind query parameter/],
    ['a parameter of another method', 'POST', `${MODELS.flowers}:export?pageSize=1`, /Unknown name "pageSize"/],
    ['an order that v1beta1 lacks', 'GET', `${PARENT}/models?orderBy=create_time`, /Unknown name "orderBy"/],
    ['a size that is not a number', 'GET', `${PARENT}/models?pageSize=many`, /'page_size' \(TYPE_INT32\), "many"/],
    ['a negative size', 'GET', `${PARENT}/models?page_size=-1`, /page_size/],
    ['a duration without a unit', 'POST', `${PARENT}/operations/1:wait?timeout=30`, /duration must end with 's'/],
    ['a boolean that is none', 'GET', `${PARENT}/operations?returnPartialSuccess=x`, /TYPE_BOOL/],
    ['a form of answer that is not JSON', 'GET', `${MODELS.flowers}?alt=proto`, /'alt'/],
    ['a callback', 'GET', `${MODELS.flowers}?callback=run`, /'callback'/],
    ['a mask of unknown fields', 'GET', `${PARENT}/models?readMask=nope`, /'read_mask'/],
    ['a filter that versions lack', 'GET', `${MODELS.iris}:listVersions?filter=model=1`, /Invalid filter/],
  ];
  for (const [title, method, path, message] of invalid) {
    test(`with ${title} is refused with the field`, async () => {
      const answer = await call(method, url(path));
      assertRefused(answer, 400, 'INVALID_ARGUMENT', message);
      const details = at(answer.body, 'error', 'details', 0);
      assert.equal(at(details, '@type'), 'type.googleapis.com/google.rpc.BadRequest');
      assert.match(String(at(details, 'fieldViolations', 0, 'description')), message);
    });
  }

  test('can name its method in X-HTTP-Method-Override, with its query in a form', async () => {
    const header = { 'x-http-method-override': 'GET' };
    const got = await call('POST', url(MODELS.iris), undefined, header);
    assert.equal(at(got.body, 'displayName'), 'iris');
    const form = { ...header, 'content-type': 'application/x-www-form-urlencoded' };
    const listed = await call('POST', url(`${PARENT}/models`), 'filter=display_name%3Diris&readMask=name', form);
    assert.deepEqual(listed.body, { models: [{ name: MODELS.iris }] });
    const patched = await call('POST', url(`${MODELS.iris}?updateMask=etag`), '{}', {
      'x-http-method-override': 'PATCH',
    });
    assertRefused(patched, 400, 'INVALID_ARGUMENT', /update_mask/);
    const model = addModel(services().vertex);
    await call('GET', url(`${model}:export`), undefined, { 'x-http-method-override': 'POST' });
    assert.deepEqual(operationsOf(services().vertex, model), []);
  });

  test('that lists versions gets their ids in their names, in its order and by its mask', async () => {
    const listed = async (query: string) => (await call('GET', url(`${MODELS.iris}:listVersions?${query}`))).body;
    assert.deepEqual(await listed('readMask=name,versionId'), {
      models: ['1', '2'].map((versionId) => ({ name: `${MODELS.iris}@${versionId}`, versionId })),
    });
    const newest = await listed('orderBy=create_time%20desc&readMask=versionId&pageSize=1');
    assert.deepEqual(at(newest, 'models'), [{ versionId: '2' }]);
    assert.deepEqual(await listed('filter=labels.nope:*'), {});
  });

  test('with a page token of another filter is refused', async () => {
    const first = await call('GET', url(`${PARENT}/models?pageSize=1`));
    const token = encodeURIComponent(String(at(first.body, 'nextPageToken')));
    const other = await call('GET', url(`${PARENT}/models?filter=display_name!=x&pageToken=${token}`));
    assertRefused(other, 400, 'INVALID_ARGUMENT', /page_token/);
  });

  test('that lists nothing gets an empty object', async () => {
    const model = addModel(services().vertex);
    assert.deepEqual((await call('GET', url(`${model}/operations`))).body, {});
    assert.deepEqual((await call('GET', url(`${PARENT}/models?filter=model=none`))).body, {});
  });

  test('that filters operations finds them by their end', async () => {
    const model = addModel(services().vertex, { durationMs: 60_000 });
    const name = await startExport(model, exportBody());
    const names = async (filter: string) => {
      const { body } = await call('GET', url(`${model}/operations?filter=${encodeURIComponent(filter)}`));
      return ((at(body, 'operations') ?? []) as { name: string }[]).map((operation) => operation.name);
    };
    assert.deepEqual(
      [await names('done=false'), await names('done:true'), await names('NOT done=true')],
      [[name], [], [name]],
    );
  });
});
