import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findBrowser } from '../../support/web-ui';
import { exportBody } from '../../support/emulator';
import { at, call } from '../../support/http';
import { MODELS, PARENT, temporaryFolder } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const executablePath = findBrowser();
const skip = executablePath === undefined && 'there is no Chromium: install the chromium package, or set CHROMIUM_PATH';

/** A host name that the browser resolves to this machine, as after DNS rebinding. */
const REBOUND = 'rebound.example';
const SECRET = 'secret of the home folder';

const home = temporaryFolder('vertex-export-home-');
writeFileSync(path.join(home, 'key.pem'), SECRET);

/** The part of an answer that a page could read, or `undefined` if the browser prevented it. */
interface Attempt {
  readonly what: string;
  readonly status?: number;
  readonly text?: string;
}

interface Attack {
  readonly base: string;
  readonly writes: readonly { readonly method: string; readonly path: string; readonly body: string }[];
  readonly reads: readonly string[];
}

/** A page with a function `attack`, which sends every request that a page can send, with and without a preflight. */
const PAGE = readFileSync(path.join(__dirname, '..', '..', 'support', 'attacking-page.html'), 'utf8');

/** Runs the attack in a browser page. */
function attackOf(page: Page, attack: Attack): Promise<Attempt[]> {
  return page.evaluate<Attempt[]>(`attack(${JSON.stringify(attack)})`);
}

suite('a page in a browser', { skip }, () => {
  const services = useGoogleServices({ stores: 'independent' });
  let browser: Browser;
  let site: Server;
  let bare: Server;
  const bareRequests: string[] = [];

  before(async () => {
    // The site of the page, and a server without protection, which proves that the attack works.
    site = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    });
    bare = createServer((request, response) => {
      bareRequests.push(`${request.method ?? ''} ${request.headers['content-type'] ?? ''}`);
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/plain' }).end(SECRET);
    });
    for (const server of [site, bare]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: executablePath ?? '',
      args: ['--no-sandbox', `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`],
    });
  });
  after(async () => {
    await browser.close();
    for (const server of [site, bare]) {
      server.closeAllConnections();
      server.close();
    }
  });

  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  function posted(): string {
    const model = { name: `${PARENT}/models/666`, supportedExportFormats: [{ id: 'tflite' }] };
    return JSON.stringify([{ model, exports: { tflite: { directory: home } } }]);
  }

  /** The attack on each service, with the names of the objects that it would write. */
  function attacks(base: (url: string) => string): Attack[] {
    const { vertex, store, registry } = services();
    const control = '/emulator/v1';
    const upload = { method: 'POST', path: '/upload/storage/v1/b/exports/o?uploadType=media&name=page', body: 'x' };
    return [
      {
        base: base(vertex.url),
        writes: [
          { method: 'POST', path: `${control}/models`, body: posted() },
          {
            method: 'POST',
            path: `${control}/faults`,
            body: JSON.stringify({ match: { path: '.' }, fault: { status: 500 } }),
          },
          { method: 'PATCH', path: `${control}/capabilities`, body: '{"requiredToken": "x"}' },
          { method: 'DELETE', path: `${control}/requests`, body: '{}' },
          { method: 'POST', path: `/v1/${MODELS.flowers}:export`, body: JSON.stringify(exportBody('tflite')) },
          upload,
        ],
        reads: [`${control}/operations`, `/v1/${PARENT}/models`, '/storage/v1/b/exports/o'],
      },
      {
        base: base(store.url),
        writes: [upload, { method: 'POST', path: '/storage/v1/b', body: '{"name": "page-bucket"}' }],
        reads: ['/storage/v1/b', '/storage/v1/b/exports/o', '/storage/v1/b/exports/o/kept?alt=media', '/exports/kept'],
      },
      {
        base: base(registry.url),
        writes: [{ method: 'PUT', path: '/v2/page/manifests/latest', body: '{}' }],
        reads: ['/v2/', '/v2/_catalog'],
      },
    ];
  }

  async function state(): Promise<unknown> {
    const { vertex, store, registry } = services();
    const answers = await Promise.all([
      call('GET', `${vertex.url}/v1/${PARENT}/models?pageSize=1000`),
      call('GET', `${store.url}/storage/v1/b`),
      call('GET', `${store.url}/storage/v1/b/exports/o`),
      call('GET', `${registry.url}/v2/_catalog`),
    ]);
    return [vertex.operations(), ...answers.map(({ status, body }) => [status, body])];
  }

  /** The answers must not contain any data of the services. */
  function assertReadNothing(attempts: readonly Attempt[]): void {
    assert.ok(attempts.length > 0);
    for (const { what, status, text = '' } of attempts) {
      assert.ok(status === undefined || status === 0 || status === 403, `${what}: ${status ?? ''}`);
      assert.doesNotMatch(text, /supportedExportFormats|storage#|repositories|kept|secret/, what);
    }
  }

  async function attackFrom(page: Page, base: (url: string) => string): Promise<void> {
    const { store, vertex } = services();
    const kept = `${store.url}/upload/storage/v1/b/exports/o?uploadType=media&name=kept`;
    await call('POST', kept, 'kept', { 'content-type': 'text/plain' });
    vertex.clearRequests();
    const before = await state();
    const logged = vertex.requests().requests.length;
    for (const one of attacks(base)) assertReadNothing(await attackOf(page, one));
    assert.equal(vertex.requests().requests.length, logged, 'no request of the page reached the service');
    assert.deepEqual(await state(), before);
    assert.equal(at((await call('GET', `${vertex.url}/v1/${MODELS.flowers}`)).body, 'name'), MODELS.flowers);
  }

  test('can send every request to a server without protection, and read its answers', async () => {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${portOf(site)}/`);
    const attempts = await attackOf(page, {
      base: `http://127.0.0.1:${portOf(bare)}`,
      writes: [{ method: 'POST', path: '/a', body: '{"a": 1}' }],
      reads: ['/b'],
    });
    assert.ok(attempts.some(({ text }) => text === SECRET));
    const posts = bareRequests.filter((request) => request.startsWith('POST'));
    assert.ok(posts.length >= 8, bareRequests.join('\n'));
    await page.close();
  });

  for (const name of ['localhost', '127.0.0.1', REBOUND]) {
    test(`of ${name} can neither change nor read the local Vertex AI and its stores`, async () => {
      const page = await browser.newPage();
      await page.goto(`http://${name}:${portOf(site)}/`);
      await attackFrom(page, (url) => url);
      await page.close();
    });
  }

  test('whose name was rebound to this machine can neither change nor read data of the same origin', async () => {
    const { vertex, store, registry } = services();
    const before = await state();
    for (const { url } of [vertex, store, registry]) {
      const origin = `http://${REBOUND}:${new URL(url).port}`;
      const page = await browser.newPage();
      // The document was loaded from the attacker's server before its name was rebound.
      await page.route(`${origin}/page`, (route) => route.fulfill({ contentType: 'text/html', body: PAGE }));
      await page.goto(`${origin}/page`);
      for (const one of attacks(() => origin)) assertReadNothing(await attackOf(page, one));
      await page.close();
    }
    assert.deepEqual(await state(), before);
  });

  test('that opens an object of the store runs no script of the object', async () => {
    const { store, vertex } = services();
    const script = '<!DOCTYPE html><title>object</title><script>document.title = "ran"</script>';
    const upload = `${store.url}/upload/storage/v1/b/exports/o?uploadType=media&name=page.html`;
    await call('POST', upload, script, { 'content-type': 'text/html' });
    for (const { url } of [store, vertex]) {
      const page = await browser.newPage();
      await page.goto(`${url}/storage/v1/b/exports/o/page.html?alt=media`);
      assert.equal(await page.title(), 'object');
      await page.close();
    }
  });
});
