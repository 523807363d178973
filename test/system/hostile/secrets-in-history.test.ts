import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import type { ExportHandle } from '../../../src';
import { MODELS } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../../support/worker';
import { MARK, TELLTALE_ANSWERS, TOKEN } from './marked-secrets';

const stack = useLocalStack();

/** The requests that are answered with a secret, and the kind of answer. The local Vertex AI answers the others. */
let telltale: { readonly on: RegExp; readonly what: string } | undefined;
const proxy = createServer((request, response) => {
  void (isTelltale(request) ? answerWithSecret(request, response) : forward(request, response));
});
const listening = (async () => {
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
})();
let proxyUrl = '';
before(async () => {
  proxyUrl = await listening;
});
after(() => {
  proxy.close();
  proxy.closeAllConnections();
});
const temporal = useExports(stack, () => ({ VERTEX_EMULATOR_HOST: proxyUrl }));

function isTelltale({ method, url }: IncomingMessage): boolean {
  return telltale?.on.test(`${method ?? ''} ${url ?? ''}`) === true;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function answerWithSecret(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await bodyOf(request);
  const { method = '', url: target = '' } = request;
  // The client sends no token to a local service, so the header is added here.
  const headers = { authorization: `Bearer ${TOKEN}` };
  const answer = TELLTALE_ANSWERS[telltale?.what ?? '']?.({ host: '', method, target, headers, body: '' }) ?? {};
  const { body = '' } = answer;
  response.writeHead(answer.status ?? 200, answer.headers);
  response.end(typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body);
}

async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const content = await bodyOf(request);
  const answer = await fetch(`${stack().vertex.url}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    ...(content.length > 0 && { body: new Uint8Array(content), headers: { 'content-type': 'application/json' } }),
  });
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Everything that the server and the worker report about a workflow, as text. */
async function everythingOf({ workflow }: ExportHandle): Promise<string> {
  const { raw, memo } = await workflow.describe();
  const { events } = await workflow.fetchHistory();
  const status = await workflow.query('exportStatus');
  const details = await workflow.query('__temporal_workflow_metadata');
  return JSON.stringify([raw, memo, events, status, details], (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('data' in value)) return value;
    const { data } = value;
    if (data instanceof Uint8Array) return { ...value, data: Buffer.from(data).toString() };
    if (Array.isArray(data)) return { ...value, data: Buffer.from(data as number[]).toString() };
    return typeof data === 'string' ? { ...value, data: `${data} ${Buffer.from(data, 'base64').toString()}` } : value;
  });
}

async function assertNoSecret(handle: ExportHandle): Promise<void> {
  const said = await everythingOf(handle);
  assert.match(said, /WORKFLOW_EXECUTION_STARTED|workflowExecutionStartedEventAttributes/);
  // Evidence that the search reads the messages of failures.
  assert.match(said, /ExportError\./);
  const at = said.indexOf(MARK);
  assert.ok(at < 0, `…${said.slice(Math.max(0, at - 300), at + 50)}…`);
}

const GET_MODEL = /^GET .*\/models\/\d+(?:\?|$)/;
const EXPORT = /:export$/;
const OPERATION = /\/operations\/\d+/;

/** Failures that end an export, and the request that causes each of them. */
const ENDING: readonly (readonly [what: string, on: RegExp])[] = [
  ['an error in JSON that echoes the token', GET_MODEL],
  ['an error in JSON that echoes the token', EXPORT],
  ['an error in JSON that echoes the token', OPERATION],
  ['an error with a web token', GET_MODEL],
  ['an error with a web token', OPERATION],
  ['a precondition with a key', EXPORT],
  ['a precondition with a key on one line', EXPORT],
  ['a form with a secret', EXPORT],
  ['an error in JSON with a token only', GET_MODEL],
  ['an API key', GET_MODEL],
];

/** Failures that an export retries. */
const PASSING = [
  'a page that shows the request',
  'an internal error with a token in JSON',
  'a redirect to a signed URL',
  'JSON of another shape that echoes the token',
  'a quota error with a signed URL',
];

let count = 0;

function start(options: { readonly onBlocked?: 'wait' } = {}): Promise<ExportHandle> {
  count += 1;
  const workflowId = `secret-${count}`;
  return temporal().exports.start(
    { name: MODELS.flowers, outputConfig: ARTIFACTS, ...QUICK, ...options },
    { workflowId },
  );
}

suite('no secret is in history, status, memo or details of an export', () => {
  for (const [what, on] of ENDING) {
    test(`that fails with ${what} in answer to ${String(on)}`, async () => {
      telltale = { on, what };
      const handle = await start();
      await assert.rejects(handle.result());
      await assertNoSecret(handle);
    });
  }

  for (const what of PASSING) {
    test(`that retries after ${what}`, async () => {
      telltale = { on: GET_MODEL, what };
      const handle = await start();
      await eventually('it has tried twice', async () => {
        const { raw } = await handle.workflow.describe();
        return (raw.pendingActivities?.[0]?.attempt ?? 0) >= 2;
      });
      await assertNoSecret(handle);
      await handle.cancel();
      await assert.rejects(handle.result());
    });
  }

  test('that is blocked', async () => {
    telltale = { on: EXPORT, what: 'an error in JSON that echoes the token' };
    const handle = await start({ onBlocked: 'wait' });
    await eventually('it is blocked', async () => (await handle.status()).stage === 'blocked');
    await assertNoSecret(handle);
    await handle.abort();
    await assert.rejects(handle.result());
    await assertNoSecret(handle);
  });
});
