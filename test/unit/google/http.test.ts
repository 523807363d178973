import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import type { HttpRequest } from '../../../src/google/http';
import { exchange } from '../../../src/google/http';

/** Runs one exchange with a separate server. */
async function withServer<T>(
  answer: RequestListener,
  use: (send: (request?: Partial<HttpRequest>) => ReturnType<typeof exchange>) => Promise<T>,
): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const defaults = { method: 'GET', url: `http://127.0.0.1:${port}/path?a=b`, headers: {}, timeoutMs: 30_000 };
  try {
    return await use((request = {}) => exchange({ ...defaults, ...request }));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

suite('an HTTP exchange', () => {
  test('sends method, path, headers and body, and reads the whole answer', async () => {
    const echo: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .on('end', () => {
          const { method, url, headers } = request;
          const body = Buffer.concat(chunks).toString();
          response.writeHead(201, { 'x-answer': 'yes' });
          response.write('{"parts":');
          response.end(JSON.stringify([method, url, headers['x-asked'], headers['content-length'], body]) + '}');
        });
    };
    await withServer(echo, async (send) => {
      const answer = await send({ method: 'POST', headers: { 'x-asked': 'no' }, body: 'text' });
      assert.equal(answer.status, 201);
      assert.equal(answer.headers['x-answer'], 'yes');
      assert.deepEqual(JSON.parse(answer.body.toString()), { parts: ['POST', '/path?a=b', 'no', '4', 'text'] });
      const empty = await send({ method: 'POST' });
      assert.deepEqual(JSON.parse(empty.body.toString()), { parts: ['POST', '/path?a=b', null, '0', ''] });
    });
  });

  test('uses one connection for consecutive requests', async () => {
    const ports = new Set<number | undefined>();
    const answer: RequestListener = ({ socket }, response) => {
      ports.add(socket.remotePort);
      response.end('x');
    };
    await withServer(answer, async (send) => {
      for (let request = 0; request < 3; request += 1) assert.equal((await send()).body.toString(), 'x');
    });
    assert.equal(ports.size, 1);
  });

  test('returns a redirect unchanged', async () => {
    const answer: RequestListener = (_, response) => response.writeHead(302, { location: '/else' }).end();
    const { status, headers } = await withServer(answer, (send) => send());
    assert.deepEqual([status, headers.location], [302, '/else']);
  });

  test('fails after its timeout, before the answer and within it', async () => {
    const silent: RequestListener = () => undefined;
    const stuck: RequestListener = (_, response) => response.writeHead(200).write('a part');
    for (const answer of [silent, stuck]) {
      await withServer(answer, (send) =>
        assert.rejects(send({ timeoutMs: 50 }), { message: 'no answer within 50 ms' }),
      );
    }
  });

  test('ends early with the reason of its signal, before the answer and within it', async () => {
    const reason = new Error('no longer wanted');
    for (const isBegun of [false, true]) {
      const controller = new AbortController();
      const answer: RequestListener = (_, response) => {
        if (isBegun) response.writeHead(200).write('a part');
        setImmediate(() => {
          controller.abort(reason);
        });
      };
      await withServer(answer, (send) => assert.rejects(send({ signal: controller.signal }), reason));
    }
    await assert.rejects(
      exchange({
        method: 'GET',
        url: 'http://127.0.0.1:1',
        headers: {},
        timeoutMs: 1,
        signal: AbortSignal.abort(reason),
      }),
      reason,
    );
  });

  test('never returns a part of an answer as the whole', async () => {
    const cut: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('a part', () => response.socket?.end());
    };
    const reset: RequestListener = ({ socket }) => {
      socket.resetAndDestroy();
    };
    await withServer(cut, (send) => assert.rejects(send(), { code: 'ECONNRESET' }));
    await withServer(reset, (send) => assert.rejects(send(), { code: 'ECONNRESET' }));
  });
});
