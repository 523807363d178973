import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';

/** Uses an object store with Google's client for Node.js. Arguments: folder with node_modules, URL, name of a new bucket. */
const [folder, apiEndpoint, bucketName] = process.argv.slice(2);
const { Storage } = createRequire(`${folder}/package.json`)('@google-cloud/storage');

const KIB = 1024;
const storage = new Storage({ apiEndpoint, projectId: 'local' });
const large = randomBytes(3 * KIB * KIB + 7);
const contentOf = async (file, options) => (await file.download(options))[0];
const namesOf = (files) => files.map(({ name }) => name);

const steps = {
  async 'creates a bucket with settings'() {
    const [bucket] = await storage.createBucket(bucketName, {
      location: 'us-central1',
      versioning: { enabled: false },
    });
    assert.equal(bucket.metadata.location, 'US-CENTRAL1');
    await bucket.setLabels({ env: 'test' });
    assert.deepEqual(await bucket.getLabels(), [{ env: 'test' }]);
    const [buckets] = await storage.getBuckets({ prefix: bucketName });
    assert.deepEqual(namesOf(buckets), [bucketName]);
  },
  async 'uploads in one request, and reads ranges'(bucket) {
    const file = bucket.file('dir/simple ü.txt');
    await file.save('0123456789', { resumable: false, metadata: { contentType: 'text/plain', metadata: { k: 'v' } } });
    assert.equal((await contentOf(file)).toString(), '0123456789');
    assert.equal((await contentOf(file, { start: 2, end: 4 })).toString(), '234');
    assert.equal(await text(file.createReadStream({ end: -3 })), '789');
    const [metadata] = await file.getMetadata();
    assert.deepEqual([metadata.contentType, metadata.metadata, metadata.size], ['text/plain', { k: 'v' }, '10']);
  },
  async 'uploads with a resumable upload of one request'(bucket) {
    await bucket.file('large-1').save(large, { resumable: true, validation: 'crc32c' });
    assert.ok((await contentOf(bucket.file('large-1'))).equals(large));
  },
  async 'uploads with a resumable upload of chunks'(bucket) {
    await bucket.file('large-2').save(large, { resumable: true, chunkSize: 512 * KIB });
    assert.ok((await contentOf(bucket.file('large-2'))).equals(large));
  },
  async 'resumes an interrupted upload'(bucket) {
    const file = bucket.file('resumed');
    const [uri] = await file.createResumableUpload({ metadata: { contentType: 'text/css' } });
    const first = file.createWriteStream({ uri, isPartialUpload: true, chunkSize: 512 * KIB, resumable: true });
    await pipeline(Readable.from([large.subarray(0, 512 * KIB)]), first);
    const rest = file.createWriteStream({ uri, offset: 512 * KIB, resumable: true, validation: false });
    await pipeline(Readable.from([large.subarray(512 * KIB)]), rest);
    assert.ok((await contentOf(file)).equals(large));
  },
  async 'uploads compressed content, and reads it decompressed'(bucket) {
    const file = bucket.file('compressed.txt');
    await file.save('x'.repeat(10_000), { gzip: true, metadata: { contentType: 'text/plain' } });
    const [{ contentEncoding, size }] = await file.getMetadata();
    assert.equal(contentEncoding, 'gzip');
    assert.ok(Number(size) < 1_000);
    assert.equal((await contentOf(file)).toString(), 'x'.repeat(10_000));
  },
  async 'lists with a prefix, a delimiter and pages'(bucket) {
    for (const name of ['list/a', 'list/b', 'list/sub/c']) await bucket.file(name).save(name, { resumable: false });
    const [files, , { prefixes }] = await bucket.getFiles({ prefix: 'list/', delimiter: '/', autoPaginate: false });
    assert.deepEqual([namesOf(files), prefixes], [['list/a', 'list/b'], ['list/sub/']]);
    const [page, next] = await bucket.getFiles({ prefix: 'list/', maxResults: 2, autoPaginate: false });
    const [rest] = await bucket.getFiles({ ...next, autoPaginate: false });
    assert.deepEqual([namesOf(page), namesOf(rest)], [['list/a', 'list/b'], ['list/sub/c']]);
    assert.deepEqual(namesOf((await bucket.getFiles({ matchGlob: 'list/**/c' }))[0]), ['list/sub/c']);
  },
  async 'respects preconditions'(bucket) {
    const file = bucket.file('once');
    const options = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };
    await file.save('one', options);
    await assert.rejects(bucket.file('once').save('two', options), (error) => {
      assert.deepEqual([error.code, error.errors[0].reason], [412, 'conditionNotMet']);
      return true;
    });
  },
  async 'copies, moves and composes'(bucket) {
    await bucket.file('list/a').copy(bucket.file('copied'));
    await bucket.file('copied').move('moved');
    await bucket.file('moved').moveFileAtomic('moved-again');
    await bucket.file('moved-again').moveFileAtomic('moved');
    assert.deepEqual(await bucket.file('copied').exists(), [false]);
    const [composed] = await bucket.combine(['list/a', 'list/b'], 'composed');
    assert.equal((await contentOf(composed)).toString(), 'list/alist/b');
  },
  async 'changes metadata and access'(bucket) {
    await bucket.file('moved').setMetadata({ cacheControl: 'no-store' });
    assert.equal((await bucket.file('moved').getMetadata())[0].cacheControl, 'no-store');
    const [policy] = await bucket.iam.getPolicy();
    policy.bindings.push({ role: 'roles/storage.objectViewer', members: ['user:a@example.com'] });
    await bucket.iam.setPolicy(policy);
    const [permissions] = await bucket.iam.testPermissions(['storage.objects.get']);
    assert.deepEqual(permissions, { 'storage.objects.get': true });
  },
  async 'protects held objects, and deletes'(bucket) {
    await bucket.file('moved').setMetadata({ temporaryHold: true });
    await assert.rejects(bucket.file('moved').delete(), { code: 403 });
    await bucket.file('moved').setMetadata({ temporaryHold: false });
    await bucket.deleteFiles();
    await bucket.delete();
    assert.deepEqual(await bucket.exists(), [false]);
  },
};

for (const [title, step] of Object.entries(steps)) {
  await step(storage.bucket(bucketName));
  console.log(title);
}
