import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { GoogleApiError, GoogleTransportError } from '../../../src/google/api-error';
import { assertSafe, HostileServer } from './hostile-server';
import { ADVICE } from './replies/advice';
import type { Ending, Row } from './replies/calls';
import { calls, clientsOf, DIGEST, gives, OTHER_SECRET, refused, text, TOKEN } from './replies/calls';
import { ENDLESS_LISTS } from './replies/endless-lists';
import { EXCHANGES } from './replies/exchanges';
import { NAMES } from './replies/names';
import { SECRETS } from './replies/secrets';
import { SIZES } from './replies/sizes';
import { VALUES } from './replies/values';

const ROWS = { ...SIZES, ...EXCHANGES, ...NAMES, ...VALUES, ...ADVICE, ...ENDLESS_LISTS, ...SECRETS };

/** Targets to which no blob's redirect is followed. */
const FORBIDDEN_TARGETS = [
  'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token',
  'https://169.254.169.254/latest/meta-data/',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://metadata/x',
  'https://[fd00:ec2::254]/x',
  'https://[::ffff:169.254.169.254]/x',
  'https://127.0.0.1:1/x',
  'https://localhost:1/x',
  'https://[::1]:1/x',
  'https://0.0.0.0/x',
  'https://2130706433/x',
  'https://10.0.0.1/x',
  'https://192.168.1.1/x',
  'http://storage.googleapis.com/x',
  'ftp://storage.googleapis.com/x',
  'file:///etc/passwd',
  'data:text/plain,x',
];

function assertEnded(outcome: { value: unknown } | { error: unknown }, ending: Ending): void {
  if ('value' in ending) {
    if ('error' in outcome) throw outcome.error;
    ending.value(outcome.value);
    return;
  }
  assert.ok('error' in outcome, 'the reply was taken for a good one');
  const { error } = outcome;
  if (ending.error === 'api') {
    assert.ok(error instanceof GoogleApiError, String(error));
    assertSafe(error, [TOKEN, OTHER_SECRET]);
    ending.check(error);
    return;
  }
  assert.ok(error instanceof GoogleTransportError, String(error));
  assertSafe(error, [TOKEN, OTHER_SECRET]);
  if (ending.message) assert.match(error.message, ending.message);
}

suite('a hostile reply', () => {
  /** Represents every other host: a reply must not cause a request to it. */
  let foreign: HostileServer;
  before(async () => {
    foreign = await HostileServer.start((_, response) => response.writeHead(200).end('x'.repeat(100)));
  });
  after(() => foreign.stop());

  async function play({ call, reply, ending, maxBytesSent, timeoutMs }: Row): Promise<HostileServer> {
    const server = await HostileServer.start(reply);
    try {
      const outcome = await calls[call](clientsOf(server.url, timeoutMs)).then(
        (value: unknown) => ({ value }),
        (error: unknown) => ({ error }),
      );
      assertEnded(outcome, ending);
      if (maxBytesSent !== undefined) {
        assert.ok(server.bytesSent <= maxBytesSent, `the server sent ${server.bytesSent} bytes`);
      }
      assert.equal(foreign.requests.length, 0, 'another host was called');
    } finally {
      await server.stop();
    }
    return server;
  }

  for (const [title, row] of Object.entries(ROWS)) {
    test(`to ${row.call} is harmless: ${title}`, async () => {
      await play(row);
    });
  }

  for (const target of FORBIDDEN_TARGETS) {
    test(`to a read of a blob does not redirect to ${target}`, async () => {
      const reply: RequestListener = (_, response) => response.writeHead(307, { location: target }).end();
      const { requests } = await play({ call: 'blobs.get', reply, ending: refused(/redirect to /) });
      assert.equal(requests.length, 1);
    });
  }

  test('to a read of a blob does not redirect to another port of this machine', async () => {
    const reply: RequestListener = (_, response) => response.writeHead(307, { location: `${foreign.url}/blob` }).end();
    await play({ call: 'blobs.get', reply, ending: refused(/redirect to http:\/\/127\.0\.0\.1/) });
  });

  test('to a read of a blob can redirect once to the same origin, without the token', async () => {
    const reply = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url === '/moved') response.writeHead(206).end('x'.repeat(100));
      else response.writeHead(307, { location: '/moved' }).end();
    };
    const ending = gives((value) => {
      assert.ok(Buffer.isBuffer(value));
    });
    const { requests } = await play({ call: 'blobs.get', reply, ending });
    assert.deepEqual(
      requests.map(({ url, authorization }) => [url.split('/').at(-1), authorization !== undefined]),
      [
        [DIGEST, true],
        ['moved', false],
      ],
    );
  });

  test('to a read of a blob does not redirect in a circle', async () => {
    const reply: RequestListener = (request, response) =>
      response.writeHead(307, { location: `${request.url ?? ''}x` }).end();
    const { requests } = await play({ call: 'blobs.get', reply, ending: refused(/redirect to /) });
    assert.equal(requests.length, 2);
  });

  for (const call of Object.keys(calls).filter((name): name is keyof typeof calls => !name.startsWith('blobs.'))) {
    test(`to ${call} never redirects to another place`, async () => {
      const reply: RequestListener = (_, response) => response.writeHead(307, { location: '/else' }).end();
      const { requests } = await play({ call, reply, ending: refused(/redirect to /) });
      assert.equal(requests.length, 1);
    });
  }

  for (const call of Object.keys(calls) as (keyof typeof calls)[]) {
    test(`to ${call} that is a page of a proxy causes a typed error`, async () => {
      const page = '<html><body>Sign in to continue</body></html>';
      await play({ call, reply: text(page, 200, { 'content-type': 'text/html' }), ending: refused() });
    });
  }
});
