import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isStorageRequest } from '../../../../emulator/storage/handler';

suite('paths of the object store', () => {
  test('paths of the JSON API and downloads of the XML API belong to the object store', () => {
    for (const path of [
      ...['/storage/v1/b', '/storage/v1/b/bucket/o/a', '/upload/storage/v1/b/bucket/o', '/batch/storage/v1'],
      ...['/download/storage/v1/b/bucket/o/a', '/resumable/upload/storage/v1/b/bucket/o', '/my-bucket/dir/file.txt'],
    ]) {
      assert.equal(isStorageRequest('GET', path), true, path);
    }
  });

  test('paths of other services and changes by the XML API do not belong to the object store', () => {
    for (const path of [
      ...['/', '/v1/projects/p/locations/l/models', '/v1beta1/projects/p', '/v2/', '/v2/repo/manifests/latest'],
      ...['/ui/projects/p', '/emulator/v1/faults', '/my-bucket', '/UPPER/case', '/storage/v2/b'],
    ]) {
      assert.equal(isStorageRequest('GET', path), false, path);
    }
    assert.equal(isStorageRequest('PUT', '/my-bucket/file.txt'), false);
  });
});
