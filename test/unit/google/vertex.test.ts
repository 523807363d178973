import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anonymous } from '../../../src/google/credentials';
import { RestClient } from '../../../src/google/rest';
import type { VertexApi } from '../../../src/google/vertex';
import { vertexRest } from '../../../src/google/vertex';
import type { AnsweringService } from '../../support/answering-service';
import { withAnsweringService } from '../../support/answering-service';

const LOCATION = 'projects/demo/locations/us-central1';
const MODEL = `${LOCATION}/models/1`;
const OPERATION = `${MODEL}/operations/2`;
const BODY = { outputConfig: { exportFormatId: 'tflite' } };

function withVertex<T>(use: (vertex: VertexApi, service: AnsweringService) => Promise<T>): Promise<T> {
  return withAnsweringService((service) => {
    const rest = new RestClient(anonymous, { timeoutMs: 20_000 });
    return use(
      vertexRest(rest, () => service.endpoint),
      service,
    );
  });
}

const calls: Readonly<Record<string, (vertex: VertexApi) => Promise<unknown>>> = {
  getModel: (vertex) => vertex.getModel(MODEL),
  listModels: (vertex) => vertex.listModels({ parent: LOCATION, pageSize: 10 }),
  exportModel: (vertex) => vertex.exportModel(MODEL, BODY),
  listOperations: (vertex) => vertex.listOperations(MODEL, ''),
  getOperation: (vertex) => vertex.getOperation(OPERATION),
  waitOperation: (vertex) => vertex.waitOperation(OPERATION, 1_500),
  cancelOperation: (vertex) => vertex.cancelOperation(OPERATION),
};

suite('a request of the Vertex AI client', () => {
  const models = `/v1beta1/${LOCATION}/models`;
  const listed = 'readMask=name%2CversionId%2CversionAliases%2CdisplayName%2CsupportedExportFormats';
  const cases: [string, (vertex: VertexApi) => Promise<unknown>, string, string, string, unknown][] = [
    ['getModel', (vertex) => vertex.getModel(`${MODEL}@3`), 'GET', `${models}/1@3`, '', { name: MODEL }],
    ['listModels', calls['listModels'] ?? assert.fail(), 'GET', `${models}?pageSize=10&${listed}`, '', {}],
    [
      'listModels, with a filter and a token,',
      (vertex) => vertex.listModels({ parent: LOCATION, pageSize: 1, filter: 'labels.a=b', pageToken: 'next' }),
      'GET',
      `${models}?pageSize=1&${listed}&filter=labels.a%3Db&pageToken=next`,
      '',
      {},
    ],
    [
      'exportModel',
      (vertex) => vertex.exportModel(MODEL, BODY),
      'POST',
      `${models}/1:export`,
      JSON.stringify(BODY),
      { name: OPERATION },
    ],
    [
      'listOperations',
      (vertex) => vertex.listOperations(MODEL, ''),
      'GET',
      `${models}/1/operations?pageSize=100`,
      '',
      {},
    ],
    [
      'listOperations, with a token,',
      (vertex) => vertex.listOperations(LOCATION, 'next'),
      'GET',
      `/v1beta1/${LOCATION}/operations?pageSize=100&pageToken=next`,
      '',
      {},
    ],
    [
      'getOperation',
      (vertex) => vertex.getOperation(OPERATION),
      'GET',
      `${models}/1/operations/2`,
      '',
      { name: OPERATION },
    ],
    [
      'waitOperation',
      (vertex) => vertex.waitOperation(OPERATION, 1_500),
      'POST',
      `${models}/1/operations/2:wait?timeout=1.5s`,
      '',
      { name: OPERATION },
    ],
    [
      'cancelOperation',
      (vertex) => vertex.cancelOperation(OPERATION),
      'POST',
      `${models}/1/operations/2:cancel`,
      '{}',
      {},
    ],
  ];
  for (const [name, call, method, path, body, answer] of cases) {
    test(`for ${name} has its method, path and body`, async () => {
      await withVertex(async (vertex, service) => {
        service.answerWith({ body: answer });
        await call(vertex);
        assert.deepEqual(
          service.requests.map((request) => [request.method, request.path, request.body]),
          [[method, path, body]],
        );
      });
    });
  }

  test('for a long poll may take as long as the wait and any other request together', async () => {
    const limits: (number | undefined)[] = [];
    class Recording extends RestClient {
      override json: RestClient['json'] = (_schema, request) => {
        limits.push(request.timeoutMs);
        return Promise.reject(new Error('not sent'));
      };
    }
    const vertex = vertexRest(new Recording(anonymous, { timeoutMs: 20_000 }), () => 'http://127.0.0.1:9');
    await assert.rejects(vertex.waitOperation(OPERATION, 1_500));
    await assert.rejects(vertex.getOperation(OPERATION));
    assert.deepEqual(limits, [21_500, undefined]);
  });

  for (const [name, call] of Object.entries(calls)) {
    test(`for ${name} is not refused by a proxy's answer, only by Google's JSON`, async () => {
      await withVertex(async (vertex, service) => {
        service.answerWith({ status: 403, body: 'Forbidden' });
        await assert.rejects(call(vertex), { name: 'GoogleTransportError' });
        service.answerWith({ status: 403, body: { error: { message: 'no', status: 'PERMISSION_DENIED' } } });
        await assert.rejects(call(vertex), { name: 'GoogleApiError', status: 'PERMISSION_DENIED' });
      });
    });

    test(`for ${name} fails if the answer is empty, of another kind or an array`, async () => {
      await withVertex(async (vertex, service) => {
        for (const body of ['', '[]', 'null', '"text"', '{"kind": "other"}']) {
          service.answerWith({ body });
          await assert.rejects(call(vertex), { name: 'GoogleTransportError' }, body);
        }
      });
    });
  }

  test('ends when its signal is aborted, with the reason, except for a request that starts an export', async () => {
    await withVertex(async (vertex, service) => {
      const reason = new Error('stopped');
      const signal = AbortSignal.abort(reason);
      for (const call of [
        vertex.getModel(MODEL, signal),
        vertex.listModels({ parent: LOCATION, pageSize: 1 }, signal),
        vertex.listOperations(MODEL, '', signal),
        vertex.getOperation(OPERATION, signal),
        vertex.waitOperation(OPERATION, 1_000, signal),
        vertex.cancelOperation(OPERATION, signal),
      ]) {
        await assert.rejects(call, (error) => error === reason);
      }
      assert.equal(service.requests.length, 0);
      service.answerWith({ body: { name: OPERATION } });
      assert.equal((await vertex.exportModel(MODEL, BODY, { signal })).name, OPERATION);
    });
  });
});

suite('an answer of Vertex AI that names another resource is an error', () => {
  const other = `${LOCATION}/models/9`;
  const answers: Readonly<Record<string, unknown>> = {
    getModel: { name: other },
    listModels: { models: [{ name: MODEL }, { name: 'projects/demo/locations/europe-west4/models/1' }] },
    exportModel: { name: `${other}/operations/2` },
    listOperations: { operations: [{ name: OPERATION }, { name: `${other}/operations/2` }] },
    getOperation: { name: `${MODEL}/operations/3` },
    waitOperation: { name: `${MODEL}/operations/3` },
  };
  const messages: Readonly<Record<string, RegExp>> = {
    getModel: /^GET .*: the answer names another resource: projects\/demo\/locations\/us-central1\/models\/9$/,
    listModels: /^GET .*: the answer names another resource: projects\/demo\/locations\/europe-west4\/models\/1$/,
    exportModel: /^POST .*: the answer names another resource: .*\/models\/9\/operations\/2$/,
    listOperations: /^GET .*: the answer has an operation that is not of the parent$/,
    getOperation: /^GET .*: the answer names another resource: .*\/operations\/3$/,
    waitOperation: /^POST .*: the answer names another resource: .*\/operations\/3$/,
  };
  for (const [name, body] of Object.entries(answers)) {
    test(`for ${name}`, async () => {
      await withVertex(async (vertex, service) => {
        service.answerWith({ body });
        await assert.rejects(calls[name]?.(vertex) ?? assert.fail(), {
          name: 'GoogleTransportError',
          message: messages[name] ?? /^never$/,
        });
      });
    });
  }

  test('without its name if that is too long', async () => {
    await withVertex(async (vertex, service) => {
      for (const [length, shown] of [
        [300, 'x'],
        [301, 'a name that is too long'],
      ] as const) {
        service.answerWith({ body: { name: 'x'.repeat(length) } });
        const message = `GET ${MODEL}: the answer names another resource: ${shown === 'x' ? 'x'.repeat(300) : shown}`;
        await assert.rejects(vertex.getModel(MODEL), { message });
      }
    });
  });
});

suite('a list of Vertex AI', () => {
  test('is empty if the answer is, and has no next page', async () => {
    await withVertex(async (vertex, service) => {
      service.answerWith({ body: {} });
      assert.deepEqual(await vertex.listModels({ parent: LOCATION, pageSize: 1 }), { models: [], nextPageToken: '' });
      assert.deepEqual(await vertex.listOperations(LOCATION, ''), { operations: [], nextPageToken: '' });
    });
  });

  test('has an empty page if the answer only names the next page', async () => {
    await withVertex(async (vertex, service) => {
      service.answerWith({ body: { nextPageToken: 'next' } });
      assert.deepEqual(await vertex.listOperations(LOCATION, ''), { operations: [], nextPageToken: 'next' });
      service.answerWith({ body: { nextPageToken: '' } });
      await assert.rejects(vertex.listOperations(LOCATION, ''), { name: 'GoogleTransportError' });
    });
  });

  test('fails if the next page is the same one', async () => {
    await withVertex(async (vertex, service) => {
      service.answerWith({ body: { nextPageToken: 'same' } });
      const models = { parent: LOCATION, pageSize: 1 };
      await assert.rejects(vertex.listModels({ ...models, pageToken: 'same' }), {
        name: 'EndlessListError',
        message: new RegExp(`^GET ${LOCATION}/models: `),
      });
      await assert.rejects(vertex.listOperations(LOCATION, 'same'), { name: 'EndlessListError' });
      assert.equal((await vertex.listModels({ ...models, pageToken: 'earlier' })).nextPageToken, 'same');
    });
  });

  test('has exports only, and fails for an item that is undocumented', async () => {
    await withVertex(async (vertex, service) => {
      const tuning = { name: `${LOCATION}/endpoints/5/operations/6`, done: 'yes' };
      service.answerWith({ body: { operations: [tuning, { name: OPERATION, done: true }] } });
      const { operations } = await vertex.listOperations(LOCATION, '');
      assert.deepEqual(
        operations.map(({ name, done }) => [name, done]),
        [[OPERATION, true]],
      );
      service.answerWith({ body: { operations: [{ name: OPERATION, done: 'yes' }] } });
      await assert.rejects(vertex.listOperations(LOCATION, ''), { message: /an operation that is undocumented/ });
    });
  });
});

suite('the time of a Model', () => {
  test('is the date of the answer, and that of this machine if the answer has no valid date', async () => {
    await withVertex(async (vertex, service) => {
      const dated = (date: string) => ({ headers: { date }, body: { name: MODEL } });
      service.answerWith(dated('Sat, 03 Jan 2026 04:05:06 GMT'));
      assert.equal((await vertex.getModel(MODEL)).serviceTime.toISOString(), '2026-01-03T04:05:06.000Z');
      const invalid = [
        '2026-01-03T04:05:06Z',
        'x Sat, 03 Jan 2026 04:05:06 GMT',
        'Sat, 03 Jan 2026 04:05:06 GMT+1',
        'Sat, 03 Jxx 2026 04:05:06 GMT',
      ];
      for (const date of invalid) {
        service.answerWith(dated(date));
        const before = Date.now();
        const { serviceTime } = await vertex.getModel(MODEL);
        assert.ok(serviceTime.getTime() >= before && serviceTime.getTime() <= Date.now(), date);
      }
    });
  });
});
