import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { RestClient } from '../../../src/google/rest';
import { vertexRest } from '../../../src/google/vertex';

const MODEL = 'projects/demo/locations/us-central1/models/1';
const OPERATION = `${MODEL}/operations/2`;

/** A service that answers with the given statuses in order, and then with 200. It records the order of events. */
async function withService<T>(
  statuses: readonly number[],
  use: (client: { vertex: ReturnType<typeof vertexRest>; log: string[]; beforeSend: () => void }) => Promise<T>,
  attempts = 1,
): Promise<T> {
  const log: string[] = [];
  const left = [...statuses];
  const server = createServer((request, response) => {
    request.resume();
    const status = left.shift() ?? 200;
    log.push(`sent ${status}`);
    response.writeHead(status).end(status === 200 ? JSON.stringify({ name: OPERATION }) : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const credentials = {
    headers: () => {
      log.push('credentials');
      return Promise.resolve({});
    },
    refresh: () => undefined,
  };
  const vertex = vertexRest(new RestClient(credentials, { attempts }), () => `http://127.0.0.1:${port}`);
  try {
    return await use({ vertex, log, beforeSend: () => log.push('before') });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

suite('a client of Vertex AI calls beforeSend', () => {
  test('when the credentials are available, before the request is sent', async () => {
    await withService([], async ({ vertex, log, beforeSend }) => {
      await vertex.getOperation(OPERATION, undefined, beforeSend);
      assert.deepEqual(log, ['credentials', 'before', 'sent 200']);
    });
  });

  test('again before it sends again after a refused token', async () => {
    await withService([401], async ({ vertex, log, beforeSend }) => {
      await vertex.exportModel(MODEL, { outputConfig: { exportFormatId: 'tflite' } }, { beforeSend });
      assert.deepEqual(log, ['credentials', 'before', 'sent 401', 'credentials', 'before', 'sent 200']);
    });
  });

  test('again before each attempt of a request that is retried', async () => {
    const attempts = 3;
    await withService(
      [503, 401],
      async ({ vertex, log, beforeSend }) => {
        await vertex.waitOperation(OPERATION, 1_000, undefined, beforeSend);
        const seen = log.filter((entry) => entry !== 'credentials');
        assert.deepEqual(seen, ['before', 'sent 503', 'before', 'sent 401', 'before', 'sent 200']);
      },
      attempts,
    );
  });

  test('and, if it throws, sends no request and throws its error', async () => {
    await withService([], async ({ vertex, log }) => {
      const error = new Error('past the deadline');
      const sending = {
        beforeSend: () => {
          throw error;
        },
      };
      const exported = vertex.exportModel(MODEL, { outputConfig: { exportFormatId: 'tflite' } }, sending);
      await assert.rejects(exported, (thrown) => thrown === error);
      assert.deepEqual(log, ['credentials']);
    });
  });

  for (const call of ['getModel', 'listModels', 'listOperations', 'cancelOperation'] as const) {
    test(`for ${call}`, async () => {
      await withService([404], async ({ vertex, log, beforeSend }) => {
        const request = {
          getModel: () => vertex.getModel(MODEL, undefined, beforeSend),
          listModels: () =>
            vertex.listModels({ parent: 'projects/demo/locations/us-central1', pageSize: 1 }, undefined, beforeSend),
          listOperations: () => vertex.listOperations(MODEL, '', undefined, beforeSend),
          cancelOperation: () => vertex.cancelOperation(OPERATION, undefined, beforeSend),
        }[call];
        await assert.rejects(request());
        assert.deepEqual(log, ['credentials', 'before', 'sent 404']);
      });
    });
  }
});
