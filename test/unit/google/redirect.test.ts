import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { redirectTarget } from '../../../src/google/redirect';
import { registryTarget } from '../../../src/google/resource-url';
import { RestClient } from '../../../src/google/rest';

const FROM = 'https://registry.example/v2/blob';
const target = (location: string) => redirectTarget({ headers: { location } }, FROM);

suite('a redirect', () => {
  test('may lead to the same origin or to a public host over https', () => {
    assert.deepEqual(target('/other'), { href: 'https://registry.example/other', isSameOrigin: true });
    assert.equal(target('https://blobs.example.com/x')?.isSameOrigin, false);
  });

  test('may not lead to another scheme, to a user, or to a host of the private network', () => {
    for (const location of [
      'http://blobs.example.com/x',
      'https://user@registry.example/x',
      'https://:password@registry.example/x',
      'https://10.0.0.1/x',
      'https://169.254.169.254/x',
      'https://metadata.google.internal/x',
      'https://localhost/x',
      'file:///etc/passwd',
      `https://blobs.example.com/${'x'.repeat(16_384)}`,
    ]) {
      assert.equal(target(location), undefined, location.slice(0, 60));
    }
  });

  test('is followed without the token, and only if the request allows it', async () => {
    const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
    const server = http.createServer(({ url = '', headers }, reply) => {
      requests.push({ path: url, headers });
      if (url === '/elsewhere') reply.end('blob');
      else reply.writeHead(307, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const credentials = {
        headers: () => Promise.resolve({ authorization: 'Bearer secret-token' }),
        refresh: () => undefined,
      };
      const rest = new RestClient(credentials);
      const image = { host: 'us-docker.pkg.dev', repository: 'p/r/i', reference: 'latest' };
      const request = { method: 'GET' as const, ...registryTarget(() => endpoint, { kind: 'manifest', image }) };
      await assert.rejects(rest.bytes(request), /the answer is a redirect to http:\/\/127\.0\.0\.1:\d+\/elsewhere/);
      assert.equal(requests.length, 1);
      const { body } = await rest.bytes({ ...request, followRedirect: true });
      assert.equal(body.toString(), 'blob');
      assert.equal(requests.at(-2)?.headers.authorization, 'Bearer secret-token');
      assert.equal(requests.at(-1)?.headers.authorization, undefined);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
