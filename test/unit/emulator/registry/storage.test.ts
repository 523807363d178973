import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { request as sendRequest } from 'node:http';
import path from 'node:path';
import { suite, test } from 'node:test';
import { MemoryContents } from '../../../../emulator/registry/memory-contents';
import { ImageStore } from '../../../../emulator/registry/handler';
import { serveImageStore, useImageStore } from '../../../support/image-store';
import { temporaryFolder } from '../../../support/models';
import { RegistryCalls, sha256 } from '../../../support/registry-calls';
import { eventually } from '../../../support/worker';

async function files(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

suite('a registry with a data folder', () => {
  test('has all images, tags and referrers after a restart', async () => {
    const dataFolder = temporaryFolder('vertex-export-registry-');
    const first = await serveImageStore({ dataFolder });
    const calls = new RegistryCalls(first.url);
    const image = await calls.pushImage('v1');
    await calls.pushManifest('V1', image.manifest);
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image.digest, size: 1 };
    await calls.pushImage('refers', { subject });
    await calls.send('DELETE', 'manifests/refers');
    await first.stop();

    const second = await serveImageStore({ dataFolder });
    const again = Object.assign(new RegistryCalls(second.url), { name: calls.name });
    assert.deepEqual(await again.tags(), ['V1', 'v1']);
    assert.equal((await again.send('GET', 'manifests/V1')).text, image.manifest);
    assert.equal((await again.send('GET', `blobs/${sha256(image.layer)}`)).text, image.layer);
    assert.match((await again.send('GET', `referrers/${image.digest}`)).text, /"artifactType"/);
    await second.stop();
  });

  test('keeps one copy of equal blobs until the last repository drops them', async () => {
    const dataFolder = temporaryFolder('vertex-export-registry-');
    const { url, stop } = await serveImageStore({ dataFolder });
    const [one, two] = [new RegistryCalls(url), new RegistryCalls(url)];
    const digest = await one.pushBlob('shared');
    await two.pushBlob('shared');
    const contents = path.join(dataFolder, 'contents');
    assert.equal((await files(contents)).length, 1);
    await one.send('DELETE', `blobs/${digest}`);
    assert.equal((await two.send('GET', `blobs/${digest}`)).text, 'shared');
    await two.send('DELETE', `blobs/${digest}`);
    assert.deepEqual(await files(contents), []);
    await stop();
  });

  test('has no unfinished uploads after a restart, and none after a rejected blob', async () => {
    const dataFolder = temporaryFolder('vertex-export-registry-');
    const first = await serveImageStore({ dataFolder });
    const calls = new RegistryCalls(first.url);
    await calls.sendTo(await calls.begin(), 'PATCH', 'a part');
    await calls.send('POST', `blobs/uploads/?digest=${sha256('other')}`, 'content');
    assert.equal((await files(path.join(dataFolder, 'uploads'))).length, 1);
    await first.stop();
    await writeFile(path.join(dataFolder, 'uploads', 'left-by-a-crash'), 'a part');
    await (await serveImageStore({ dataFolder })).stop();
    assert.deepEqual(await files(path.join(dataFolder, 'uploads')), []);
  });

  test('does not name blobs whose files were deleted, and rejects a damaged record by its path', async () => {
    const dataFolder = temporaryFolder('vertex-export-registry-');
    const first = await serveImageStore({ dataFolder });
    const calls = new RegistryCalls(first.url);
    const { layer } = await calls.pushImage('v1');
    await first.stop();
    const hex = sha256(layer).slice('sha256:'.length);
    await rm(path.join(dataFolder, 'contents', 'sha256', hex.slice(0, 2), hex));
    const second = await serveImageStore({ dataFolder });
    const again = Object.assign(new RegistryCalls(second.url), { name: calls.name });
    assert.equal((await again.send('HEAD', `blobs/${sha256(layer)}`)).status, 404);
    assert.equal((await again.send('GET', 'manifests/v1')).status, 200);
    await second.stop();

    await writeFile(path.join(dataFolder, 'repositories', 'damaged.json'), '{"kind": "blob"');
    await assert.rejects(new ImageStore({ dataFolder }).ready(), /damaged\.json is not a record of the registry/);
  });
});

suite('a registry', () => {
  const registry = useImageStore();

  test('rejects a blob beyond its memory, and has room again after a deletion', async () => {
    const contents = new MemoryContents(10);
    const draft = await contents.begin();
    await draft.append(Buffer.alloc(8));
    await contents.keep(draft, sha256(Buffer.alloc(8)));
    const second = await contents.begin();
    await assert.rejects(async () => second.append(Buffer.alloc(3)), /holds at most .* MiB in memory/);
    await contents.remove(sha256(Buffer.alloc(8)));
    await second.append(Buffer.alloc(10));
    assert.equal(second.size, 10);
  });

  test('continues an upload whose connection broke', async () => {
    const calls = registry();
    const location = await calls.begin();
    const broken = sendRequest(location, { method: 'PATCH', headers: { 'content-length': 1_000 } });
    broken.on('error', () => undefined);
    broken.write('abcd');
    await eventually('the part is stored', async () => (await calls.sendTo(location, 'GET')).header('range') === '0-3');
    broken.destroy();
    await eventually('the rest is accepted', async () => {
      const { status } = await calls.sendTo(location, 'PATCH', 'ef', { 'content-range': '4-5' });
      return status === 202;
    });
    const url = new URL(location);
    url.searchParams.set('digest', sha256('abcdef'));
    assert.equal((await calls.sendTo(url.href, 'PUT')).status, 201);
  });

  test('lets one request at a time write to an upload', async () => {
    const calls = registry();
    const location = await calls.begin();
    const slow = sendRequest(location, { method: 'PATCH', headers: { 'content-length': 1_000 } });
    slow.on('error', () => undefined);
    slow.write('abcd');
    await eventually('it writes', async () => (await calls.sendTo(location, 'GET')).header('range') === '0-3');
    assert.equal((await calls.sendTo(location, 'PATCH', 'x')).outcome, '409 BLOB_UPLOAD_INVALID');
    slow.destroy();
  });

  test('streams a large blob in both directions', async () => {
    const calls = registry();
    const size = 64 * 1024 * 1024;
    const content = Buffer.alloc(size, 'model');
    const digest = await calls.pushBlob(content);
    const read = await calls.send('GET', `blobs/${digest}`);
    assert.equal(createHash('sha256').update(read.content).digest('hex'), digest.slice('sha256:'.length));
    const end = await calls.send('GET', `blobs/${digest}`, undefined, { range: `bytes=${size - 4}-` });
    assert.deepEqual(end.content, content.subarray(-4));
  });
});
