import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ImageReference } from '../../../../src/contract/resource-names';
import { googleServices } from '../../../../src/google/services';
import { useImageStore } from '../../../support/image-store';
import type { RegistryCalls } from '../../../support/registry-calls';
import { imageOf, indexOf, OCI_INDEX, OCI_MANIFEST, sha256 } from '../../../support/registry-calls';

suite("this package's registry client and the built-in registry", () => {
  const registry = useImageStore();
  const clientOf = ({ url }: RegistryCalls) =>
    googleServices({ emulators: { vertex: url, storage: url, registry: url } }).registry;
  const referenceTo = ({ name }: RegistryCalls, reference: string): ImageReference => ({
    host: 'us-central1-docker.pkg.dev',
    repository: name,
    reference,
  });

  test('read a manifest by tag and by digest', async () => {
    const calls = registry();
    const { digest, manifest } = await calls.pushImage('v1');
    for (const reference of ['v1', digest]) {
      const read = await clientOf(calls).getManifest(referenceTo(calls, reference));
      assert.deepEqual([read.digest, read.size, read.mediaType], [digest, manifest.length, OCI_MANIFEST]);
    }
  });

  test('read an index', async () => {
    const calls = registry();
    const { manifest } = await calls.pushImage('v1');
    const index = indexOf(manifest);
    await calls.pushManifest('all', index, OCI_INDEX);
    const read = await clientOf(calls).getManifest(referenceTo(calls, 'all'));
    assert.deepEqual([read.mediaType, read.digest], [OCI_INDEX, sha256(index)]);
  });

  test('read the size and parts of a blob', async () => {
    const calls = registry();
    const { layer } = await calls.pushImage('v1');
    const [client, image] = [clientOf(calls), referenceTo(calls, 'v1')];
    assert.equal(await client.getBlobSize(image, sha256(layer)), layer.length);
    const part = await client.readBlob(image, sha256(layer), { start: 3, length: 5 });
    assert.equal(part.toString(), layer.slice(3, 8));
  });

  test('report what does not exist as NOT_FOUND', async () => {
    const calls = registry();
    await calls.pushImage('v1');
    const client = clientOf(calls);
    await assert.rejects(client.getManifest(referenceTo(calls, 'v2')), /404|NOT_FOUND|no manifest v2/);
    const unknown = sha256(imageOf('not pushed').layer);
    await assert.rejects(client.getBlobSize(referenceTo(calls, 'v1'), unknown), /404|NOT_FOUND/);
  });
});
