import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { z } from 'zod';
import type { Credentials } from '../../../src/google/credentials';
import { storageUrl } from '../../../src/google/resource-url';
import type { RestOptions, RestRequest } from '../../../src/google/rest';
import { RestClient } from '../../../src/google/rest';
import type { AnsweringService } from '../../support/answering-service';
import { withAnsweringService } from '../../support/answering-service';

const TOKEN = 'ya29.secret-token';
const schema = z.object({ list: z.array(z.object({ size: z.number() })) });

/** Credentials that count how often they are asked and refreshed. */
class CountedCredentials implements Credentials {
  asked = 0;
  refreshed = 0;

  constructor(private readonly values: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) {}

  headers(): Promise<Record<string, string>> {
    this.asked += 1;
    return Promise.resolve(this.values);
  }

  refresh(): void {
    this.refreshed += 1;
  }
}

interface Client {
  readonly rest: RestClient;
  readonly request: RestRequest;
  readonly service: AnsweringService;
  readonly credentials: CountedCredentials;
}

function withClient<T>(use: (client: Client) => Promise<T>, options?: RestOptions): Promise<T> {
  return withAnsweringService((service) => {
    const credentials = new CountedCredentials();
    const url = storageUrl(service.endpoint, { kind: 'bucket', bucket: 'bucket' });
    const request = { method: 'GET', url, resource: 'gs://bucket' } as const;
    return use({ rest: new RestClient(credentials, options), request, service, credentials });
  });
}

suite('a REST client', () => {
  test('sends its name, the token, and a body as JSON', async () => {
    await withClient(async ({ rest, request, service }) => {
      service.answerWith({ body: { list: [{ size: 1 }] }, headers: { 'x-answer': 'yes' } });
      const { data, headers } = await rest.json(schema, { ...request, method: 'POST', body: { a: 1 } });
      assert.deepEqual([data, headers['x-answer']], [{ list: [{ size: 1 }] }, 'yes']);
      await rest.bytes({ ...request, method: 'POST', content: 'text', headers: { accept: 'a/b' } });
      assert.deepEqual(
        service.requests.map(({ headers: sent, body }) => [
          sent.accept,
          sent['user-agent'],
          sent['content-type'],
          sent.authorization,
          body,
        ]),
        [
          ['application/json', 'temporal-vertex-export', 'application/json', `Bearer ${TOKEN}`, '{"a":1}'],
          ['a/b', 'temporal-vertex-export', undefined, `Bearer ${TOKEN}`, 'text'],
        ],
      );
    });
  });

  test('has a limit of 30 seconds for a request, unless it is set', () => {
    assert.equal(new RestClient(new CountedCredentials()).timeoutMs, 30_000);
    assert.equal(new RestClient(new CountedCredentials(), { timeoutMs: 7 }).timeoutMs, 7);
  });

  test('reports where an answer differs from the documentation, with its beginning', async () => {
    await withClient(async ({ rest, request, service }) => {
      for (const [body, problem] of [
        [{ list: [{ size: 'x' }] }, ' at list.0.size: {"list":[{"size":"x"}]}'],
        ['[]', ': []'],
        ['', ': (empty)'],
        ['y'.repeat(300), `: ${'y'.repeat(199)}…`],
      ] as const) {
        service.answerWith({ body });
        await assert.rejects(rest.json(schema, request), {
          name: 'GoogleTransportError',
          message: `GET gs://bucket: the answer is not what the API documents${problem}`,
          request: 'GET gs://bucket',
        });
      }
    });
  });

  test('removes its token from answers that repeat it, but not from data', async () => {
    await withClient(async ({ rest, request, service }) => {
      const text = `The header was Bearer ${TOKEN}.`;
      service.answerWith({ body: text });
      assert.equal((await rest.bytes(request)).body.toString(), text);
      assert.equal((await rest.bytes(request, 'text')).body.toString(), 'The header was [redacted].');
      service.answerWith({ status: 400, body: `value ${TOKEN}` });
      await assert.rejects(rest.bytes(request), { message: 'HTTP 400: value [redacted]' });
    });
  });

  test('replaces a refused token once', async () => {
    await withClient(async ({ rest, request, service, credentials }) => {
      service.answerWith({ status: 401 }, { body: 'good' });
      assert.equal((await rest.bytes(request)).body.toString(), 'good');
      assert.deepEqual([credentials.asked, credentials.refreshed], [2, 1]);
      service.answerWith({ status: 401 });
      await assert.rejects(rest.bytes(request), { httpStatus: 401 });
      assert.deepEqual([service.requests.length, credentials.refreshed], [4, 2]);
      service.answerWith({ status: 403 });
      await assert.rejects(rest.bytes(request), { httpStatus: 403 });
      assert.deepEqual([service.requests.length, credentials.refreshed], [5, 2]);
    });
  });

  for (const [status, isGood] of [
    [200, true],
    [299, true],
    [300, false],
    [404, false],
  ] as const) {
    test(`takes ${status} as ${isGood ? 'an answer' : 'an error'}`, async () => {
      await withClient(async ({ rest, request, service }) => {
        service.answerWith({ status });
        const answered = await rest.bytes(request).then(
          () => true,
          () => false,
        );
        assert.equal(answered, isGood);
      });
    });
  }

  test('shows where a redirect that it does not follow leads, without the query', async () => {
    await withClient(async ({ rest, request, service }) => {
      const message = (target: string) => ({ message: `GET gs://bucket: the answer is a redirect to ${target}` });
      service.answerWith({ status: 302, headers: { location: 'http://10.0.0.1/a?signature=secret' } });
      await assert.rejects(rest.bytes({ ...request, followRedirect: true }), message('http://10.0.0.1/a'));
      service.answerWith({ status: 302, headers: { location: 'http://[' } });
      await assert.rejects(rest.bytes(request), message('an invalid URL'));
      assert.equal(service.requests.length, 2);
      service.answerWith({ status: 302, headers: { location: '/again' } });
      await assert.rejects(rest.bytes({ ...request, followRedirect: true }), message(`${service.endpoint}/again`));
      assert.equal(service.requests.length, 4);
      service.answerWith({ status: 302 });
      await assert.rejects(rest.bytes({ ...request, followRedirect: true }), { httpStatus: 302 });
    });
  });

  test('follows a redirect within the origin also at a name of this machine, which no other origin may have', async () => {
    await withClient(async ({ rest, request, service }) => {
      service.answerWith({ status: 302, headers: { location: '/stored' } }, { body: 'good' });
      const endpoint = service.endpoint.replace('127.0.0.1', 'localhost');
      const url = storageUrl(endpoint, { kind: 'bucket', bucket: 'bucket' });
      assert.equal((await rest.bytes({ ...request, url, followRedirect: true })).body.toString(), 'good');
    });
  });

  test('names the request if the service does not answer', async () => {
    const { rest, request } = await withClient((client) => Promise.resolve(client));
    await assert.rejects(rest.bytes(request), {
      name: 'GoogleTransportError',
      message: /^GET gs:\/\/bucket: connect ECONNREFUSED/,
      request: 'GET gs://bucket',
    });
  });

  test('retries only if its options allow it', async () => {
    await withClient(async ({ rest, request, service }) => {
      service.answerWith({ status: 503 }, {});
      await assert.rejects(rest.bytes(request), { httpStatus: 503 });
      assert.equal(service.requests.length, 1);
    });
  });

  test('retries an error that may pass up to its number of attempts, and no other error', async () => {
    await withClient(
      async ({ rest, request, service }) => {
        service.answerWith({ status: 503 });
        await assert.rejects(rest.bytes(request), { httpStatus: 503 });
        assert.equal(service.requests.length, 2);
        service.answerWith({ status: 404 });
        await assert.rejects(rest.bytes(request), { httpStatus: 404 });
        assert.equal(service.requests.length, 3);
      },
      { attempts: 2 },
    );
  });

  test('pauses before a retry as long as the service advises, and ends the pause when the signal is aborted', async () => {
    const controller = new AbortController();
    await withClient(
      async ({ rest, request, service }) => {
        const reason = new Error('stopped');
        service.answerWith({ status: 503, headers: { 'retry-after': '600' } });
        const sent = rest.bytes({ ...request, signal: controller.signal });
        while (service.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
        // Longer than a pause that ignores the advice.
        setTimeout(() => {
          controller.abort(reason);
        }, 700);
        await assert.rejects(sent, (error) => error === reason);
        assert.equal(service.requests.length, 1);
      },
      { attempts: 2 },
    );
  });
});

suite('credentials', () => {
  const remote = { url: storageUrl('http://service.example', { kind: 'bucket', bucket: 'bucket' }) };
  const request = { method: 'GET', resource: 'gs://bucket', ...remote } as const;

  test('are not sent without encryption to another machine', async () => {
    const sent = () => Promise.reject(new Error('sent'));
    for (const [headers, options, message] of [
      [{ authorization: 'Bearer x' }, {}, /^GET gs:\/\/bucket: http:\/\/service.example would get credentials/],
      [{ 'X-Goog-User-Project': 'p', authorization: 'x' }, {}, /would get credentials/],
      [{ authorization: 'Bearer x' }, { allowHttpCredentials: true }, /^sent$/],
      [{ 'X-Goog-User-Project': 'p' }, {}, /^sent$/],
      [{}, {}, /^sent$/],
    ] as const) {
      const rest = new RestClient(new CountedCredentials(headers), options);
      await assert.rejects(rest.bytes({ ...request, beforeSend: sent }), { message });
    }
  });

  test('that are not available are an error of the request, which is not sent', async () => {
    for (const headers of [
      () => Promise.reject(new Error('no file')),
      () => {
        throw new Error('no file');
      },
    ]) {
      const rest = new RestClient({ headers, refresh: () => undefined });
      await assert.rejects(rest.bytes(request), { name: 'CredentialsError', request: 'GET gs://bucket' });
    }
  });

  test('that never come end with the limit of the request, or with its signal', async () => {
    const hanging = { headers: () => new Promise<never>(() => undefined), refresh: () => undefined };
    await assert.rejects(new RestClient(hanging, { timeoutMs: 1 }).bytes(request), { name: 'CredentialsError' });
    await assert.rejects(new RestClient(hanging).bytes({ ...request, timeoutMs: 1 }), { name: 'CredentialsError' });
    const reason = new Error('stopped');
    const controller = new AbortController();
    const sent = new RestClient(hanging).bytes({ ...request, signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(sent, (error) => error === reason);
  });

  test('are not requested if the signal of the request is aborted', async () => {
    const credentials = new CountedCredentials();
    const reason = new Error('stopped');
    const sent = new RestClient(credentials).bytes({ ...request, signal: AbortSignal.abort(reason) });
    await assert.rejects(sent, (error) => error === reason);
    assert.equal(credentials.asked, 0);
  });
});
