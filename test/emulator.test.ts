import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { HttpAnswer } from './support/http';
import { at, call } from './support/http';
import { addModel, modelEntry, MODELS, PARENT } from './support/models';
import { useGoogleServices } from './support/services';
import { eventually } from './support/worker';

const services = useGoogleServices();
const url = (path: string, version = 'v1beta1'): string => `${services().vertex.url}/${version}/${path}`;
const exportBody = (exportFormatId = 'tflite', prefix = 'gs://exports/emulator'): unknown => ({
  outputConfig: { exportFormatId, artifactDestination: { outputUriPrefix: prefix } },
});

beforeEach(() => {
  const { vertex } = services();
  vertex.clearFaults();
  vertex.clearRequests();
  vertex.setCapabilities({ wait: 'honoured', list: 'implemented', cancel: 'implemented', requiredToken: null });
});

async function startExport(model: string, body = exportBody(), version?: string): Promise<string> {
  const { status, body: operation } = await call('POST', url(`${model}:export`, version), body);
  assert.equal(status, 200, JSON.stringify(operation));
  return String(at(operation, 'name'));
}

async function objectNames(prefix: string): Promise<string[]> {
  const query = new URLSearchParams({ prefix });
  const { body } = await call('GET', `${services().store.url}/storage/v1/b/exports/o?${query.toString()}`);
  const items = (at(body, 'items') ?? []) as { name: string }[];
  return items.map(({ name }) => name);
}

function assertRefused({ status, body }: HttpAnswer, code: number, name: string, message: RegExp): void {
  assert.equal(status, code, JSON.stringify(body));
  assert.deepEqual([at(body, 'error', 'code'), at(body, 'error', 'status')], [code, name]);
  assert.match(String(at(body, 'error', 'message')), message);
}

suite('models', () => {
  test('are got by version, alias, %40 and none, below v1 and v1beta1, with the parameters of other clients', async () => {
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

  test('are the same for the id and the number of their project', async () => {
    const operation = await startExport(MODELS.flowers);
    const [, number = ''] = operation.split('/');
    assert.match(number, /^\d+$/);
    const { body } = await call('GET', url(MODELS.flowers.replace('demo-project', number)));
    assert.equal(at(body, 'displayName'), 'flowers');
  });

  test('are listed by pages, filtered, and masked', async () => {
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

  test('have their versions listed', async () => {
    const { body } = await call('GET', url(`${MODELS.iris}:listVersions`));
    const versions = (at(body, 'models') as { versionId: string }[]).map(({ versionId }) => versionId);
    assert.deepEqual(versions, ['1', '2']);
  });

  test('that are unknown are told by name', async () => {
    const answer = await call('GET', url(`${PARENT}/models/404`));
    assertRefused(answer, 404, 'NOT_FOUND', /^The Model does not exist: projects\/demo-project\/.*\/models\/404$/);
  });
});

suite('an export', () => {
  test('writes a part of its files while it runs and the others at its end', async () => {
    const model = addModel(services().vertex, {
      formats: { tflite: { 'a.bin': 'a', 'b.bin': 'b', 'model.tflite': 'm', 'z.bin': 'z' } },
      durationMs: 700,
    });
    const operation = await startExport(model, exportBody('tflite', 'gs://exports/partly'));
    await eventually('a part is there', async () => (await objectNames('partly/')).length === 2);
    assert.equal(at((await call('GET', url(operation))).body, 'done'), undefined);
    const { body } = await call('POST', url(`${operation}:wait?timeout=10s`));
    assert.equal(at(body, 'done'), true);
    assert.equal((await objectNames('partly/')).length, 4);
  });

  for (const [end, outcome] of [
    ['cancelled', 'success'],
    ['failed', { error: { code: 13, message: 'broken' }, afterMs: 300 }],
  ] as const) {
    test(`that is ${end} leaves a part of its files behind`, async () => {
      const model = addModel(services().vertex, {
        formats: { tflite: { 'a.bin': 'a', 'b.bin': 'b' } },
        durationMs: 60_000,
        outcome,
      });
      const operation = await startExport(model, exportBody('tflite', `gs://exports/${end}`));
      await eventually('a part is there', async () => (await objectNames(`${end}/`)).length === 1);
      if (end === 'cancelled') assert.deepEqual((await call('POST', url(`${operation}:cancel`))).body, {});
      const { body } = await call('POST', url(`${operation}:wait?timeout=10s`));
      assert.deepEqual([at(body, 'done'), at(body, 'error', 'code')], [true, end === 'cancelled' ? 1 : 13]);
      assert.equal((await objectNames(`${end}/`)).length, 1);
    });
  }

  for (const [outcome, sizes] of [
    ['without-files', []],
    ['empty-file', [0, 1]],
    ['corrupted-file', [1, 7]],
  ] as const) {
    test(`can end well and arrive ${outcome}`, async () => {
      const formats = { tflite: { 'a.bin': 'a', 'model.tflite': 'weights' } };
      const model = addModel(services().vertex, { formats, outcome });
      const operation = await startExport(model, exportBody('tflite', `gs://exports/${outcome}`));
      const { body } = await call('POST', url(`${operation}:wait`));
      assert.ok(at(body, 'response'));
      const listing = await call('GET', `${services().store.url}/storage/v1/b/exports/o?prefix=${outcome}/`);
      const items = (at(listing.body, 'items') ?? []) as { size: string; name: string }[];
      assert.deepEqual(items.map(({ size }) => Number(size)).sort(), sizes);
      const damaged = items.find(({ name }) => name.endsWith('model.tflite'));
      if (outcome !== 'corrupted-file' || damaged === undefined) return;
      const media = `${services().store.url}/storage/v1/b/exports/o/${encodeURIComponent(damaged.name)}?alt=media`;
      assert.notEqual(await (await fetch(media)).text(), 'weights');
    });
  }

  test('pushes an image that can be pulled', async () => {
    const outputUri = 'us-central1-docker.pkg.dev/demo-project/models/churn:emulator';
    const body = { outputConfig: { exportFormatId: 'custom-trained', imageDestination: { outputUri } } };
    const operation = await startExport(MODELS.churn, body);
    const ended = await call('POST', url(`${operation}:wait`));
    assert.deepEqual(at(ended.body, 'metadata', 'outputInfo'), { imageOutputUri: outputUri });
    const registry = `${services().registry.url}/v2/demo-project/models/churn`;
    const manifest = await call('GET', `${registry}/manifests/emulator`);
    const layers = at(manifest.body, 'layers') as { digest: string; size: number }[];
    for (const { digest, size } of layers) {
      const blob = await fetch(`${registry}/blobs/${digest}`);
      assert.equal((await blob.arrayBuffer()).byteLength, size);
    }
    assert.ok(layers.length > 0);
  });

  test('takes snake_case fields and the name that some clients repeat', async () => {
    const model = addModel(services().vertex);
    await startExport(model, {
      name: model,
      output_config: {
        export_format_id: 'tflite',
        artifact_destination: { output_uri_prefix: 'gs://exports/snake' },
      },
    });
  });

  const refusals: [string, string, unknown, number, string, RegExp][] = [
    ['an unknown Model', `${PARENT}/models/404`, exportBody(), 404, 'NOT_FOUND', /The Model does not exist/],
    [
      'a Model that is not exportable',
      MODELS.videoLabels,
      exportBody(),
      400,
      'FAILED_PRECONDITION',
      /is not exportable/,
    ],
    [
      'a format that it lacks',
      MODELS.iris,
      exportBody('onnx'),
      400,
      'FAILED_PRECONDITION',
      /in format `onnx` is not supported/,
    ],
    ['no format', MODELS.iris, exportBody(''), 400, 'FAILED_PRECONDITION', /in format `` is not supported/],
    [
      'a destination kind that the format lacks',
      MODELS.flowers,
      { outputConfig: { exportFormatId: 'tflite', imageDestination: { outputUri: 'gcr.io/p/i:1' } } },
      400,
      'INVALID_ARGUMENT',
      /exportableContents/,
    ],
    [
      'no destination',
      MODELS.flowers,
      { outputConfig: {} },
      400,
      'INVALID_ARGUMENT',
      /artifact_destination and image_destination/,
    ],
    ['no body', MODELS.flowers, undefined, 400, 'INVALID_ARGUMENT', /must be set/],
    [
      'no prefix',
      MODELS.flowers,
      { outputConfig: { artifactDestination: {} } },
      400,
      'INVALID_ARGUMENT',
      /output_uri_prefix is required/,
    ],
    [
      'a malformed prefix',
      MODELS.flowers,
      exportBody('tflite', 's3://b'),
      400,
      'INVALID_ARGUMENT',
      /gs:\/\/bucket\/path/,
    ],
    [
      'a bucket that does not exist',
      MODELS.flowers,
      exportBody('tflite', 'gs://nowhere/x'),
      400,
      'FAILED_PRECONDITION',
      /does not exist/,
    ],
    [
      'a tabular Model to the root of a bucket',
      MODELS.iris,
      exportBody('tf-saved-model', 'gs://exports'),
      400,
      'INVALID_ARGUMENT',
      /root of a bucket/,
    ],
    ['an unknown field', MODELS.flowers, { outputConfg: {} }, 400, 'INVALID_ARGUMENT', /Unknown name "outputConfg"/],
    ['a body that is no JSON', MODELS.flowers, '{', 400, 'INVALID_ARGUMENT', /Invalid JSON payload/],
  ];
  for (const [title, model, body, code, status, message] of refusals) {
    test(`of ${title} is refused in the words of the service`, async () => {
      const before = services().vertex.operations().length;
      assertRefused(await call('POST', url(`${model}:export`), body), code, status, message);
      assert.equal(services().vertex.operations().length, before);
    });
  }

  test('to a bucket in another region is refused', async () => {
    const model = addModel(services().vertex, { location: 'europe-west4' });
    const answer = await call('POST', url(`${model}:export`), exportBody());
    assertRefused(
      answer,
      400,
      'FAILED_PRECONDITION',
      /is in location `us-central1`. It must be in the same regional location/,
    );
  });
});

suite('operations', () => {
  test('keep the type names of the API version that started them, also below /ui/', async () => {
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

  test('are got and listed below the Model and below the location, newest first and by pages', async () => {
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

  test('are held by :wait no longer than asked', async () => {
    const operation = await startExport(addModel(services().vertex, { durationMs: 60_000 }));
    const { status, body } = await call('POST', url(`${operation}:wait?timeout=0.1s`));
    assert.deepEqual([status, at(body, 'done')], [200, undefined]);
  });

  test('are not mixed up with verbs of other resources', async () => {
    for (const path of [`${PARENT}/endpoints/1:export`, `${PARENT}/models:export`, `${MODELS.flowers}:deploy`]) {
      assert.equal((await call('POST', url(path), exportBody())).status, 404, path);
    }
  });
});

suite('what the emulated service can do', () => {
  test('is switched over HTTP, one capability at a time', async () => {
    const operation = await startExport(addModel(services().vertex, { durationMs: 60_000 }));
    const control = `${services().vertex.url}/emulator/v1`;
    const patched = await call('PATCH', `${control}/capabilities`, { wait: 'unimplemented', list: 'unimplemented' });
    assert.equal(at(patched.body, 'cancel'), 'implemented');
    assertRefused(await call('POST', url(`${operation}:wait`)), 501, 'UNIMPLEMENTED', /WaitOperation/);
    assertRefused(await call('GET', url(`${PARENT}/operations`)), 501, 'UNIMPLEMENTED', /ListOperations/);
    await call('PATCH', `${control}/capabilities`, { wait: 'returns-early', cancel: 'unimplemented' });
    assert.equal((await call('POST', url(`${operation}:wait?timeout=60s`))).status, 200);
    assertRefused(await call('POST', url(`${operation}:cancel`)), 501, 'UNIMPLEMENTED', /CancelOperation/);
    const wrong = await call('PATCH', `${control}/capabilities`, { wait: 'sometimes' });
    assert.equal(wrong.status, 400);
    assert.match(JSON.stringify(wrong.body), /wait/);
  });

  test('lists a new operation late where told so', async () => {
    services().vertex.setCapabilities({ list: { appearsAfterMs: 300 } });
    const model = addModel(services().vertex);
    const operation = await startExport(model);
    const list = async (): Promise<unknown> => at((await call('GET', url(`${model}/operations`))).body, 'operations');
    assert.deepEqual((await list()) ?? [], []);
    await eventually('it is listed', async () => at(await list(), 0, 'name') === operation);
  });

  test('asks for a token where one is required', async () => {
    services().vertex.setCapabilities({ requiredToken: 'secret' });
    assertRefused(await call('GET', url(MODELS.iris)), 401, 'UNAUTHENTICATED', /authentication credential/);
    const wrong = { authorization: 'Bearer expired' };
    assertRefused(await call('GET', url(MODELS.iris), undefined, wrong), 401, 'UNAUTHENTICATED', /credential/);
    const right = { authorization: 'Bearer secret' };
    assert.equal((await call('GET', url(MODELS.iris), undefined, right)).status, 200);
  });
});

suite('faults and observation', () => {
  const control = (): string => `${services().vertex.url}/emulator/v1`;

  test('are asked for over HTTP: skipped, counted, before and after the request takes effect', async () => {
    const model = addModel(services().vertex, { durationMs: 0 });
    const before = services().vertex.operations().length;
    const fault = { status: 503, body: { error: { code: 503 } }, headers: { 'retry-after': '3' } };
    const match = { method: 'POST', path: ':export$' };
    const added = await call('POST', `${control()}/faults`, { match, skip: 1, times: 1, fault });
    await startExport(model);
    const refused = await call('POST', url(`${model}:export`), exportBody());
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '3']);
    assert.equal(services().vertex.operations().length, before + 1);
    await startExport(model);
    await call('DELETE', `${control()}/faults/${String(at(added.body, 'id'))}`);

    await call('POST', `${control()}/faults`, { match, when: 'after', fault: { html: 502 } });
    const lost = await call('POST', url(`${model}:export`), exportBody());
    assert.equal(lost.status, 502);
    assert.match(String(lost.body), /<html/i);
    assert.equal(services().vertex.operations().length, before + 3, 'it took effect');
    await call('DELETE', `${control()}/faults`);
    await startExport(model);
  });

  for (const fault of [{ reset: true }, { truncate: true }] as const) {
    test(`${JSON.stringify(fault)} breaks the answer`, async () => {
      services().vertex.addFault({ match: { path: MODELS.iris }, times: 1, fault });
      await assert.rejects(fetch(url(MODELS.iris)).then((response) => response.text()));
      assert.equal((await call('GET', url(MODELS.iris))).status, 200);
    });
  }

  test('a rule with problems is refused with all of them', async () => {
    const { status, body } = await call('POST', `${control()}/faults`, { match: {}, times: 0, fault: {} });
    assert.equal(status, 400);
    const text = JSON.stringify(at(body, 'problems'));
    for (const place of ['match.path', 'times', 'fault']) assert.ok(text.includes(place), place);
  });

  test('counts requests by route and by operation', async () => {
    const operation = await startExport(addModel(services().vertex));
    await call('GET', url(operation));
    await call('GET', url(operation));
    await call('POST', url(`${operation}:wait`));
    await call('GET', url('nonsense'));
    const { body } = await call('GET', `${control()}/requests`);
    assert.deepEqual(at(body, 'countByRoute'), {
      'models.export': 1,
      'operations.get': 2,
      'operations.wait': 1,
      unknown: 1,
    });
    assert.deepEqual(at(body, 'countByOperation'), { [operation.split('/').at(-1) ?? '']: 3 });
    await call('DELETE', `${control()}/requests`);
    assert.deepEqual(services().vertex.requests().requests, []);
  });

  test('models are added and their outcomes set over HTTP', async () => {
    const entry = modelEntry();
    assert.equal((await call('POST', `${control()}/models`, [entry])).status, 200);
    const outcome = { error: { code: 8, message: 'no room' } };
    await call('POST', `${control()}/outcomes`, {
      model: entry.model.name,
      outcome: [outcome, 'success'],
      durationMs: 0,
    });
    const codes: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const operation = await startExport(entry.model.name);
      codes.push(at((await call('POST', url(`${operation}:wait`))).body, 'error', 'code'));
    }
    assert.deepEqual(codes, [8, undefined, undefined]);
    const operations = at((await call('GET', `${control()}/operations`)).body, 'operations') as { state: string }[];
    assert.deepEqual(
      operations.slice(-3).map(({ state }) => state),
      ['failed', 'succeeded', 'succeeded'],
    );
  });
});
