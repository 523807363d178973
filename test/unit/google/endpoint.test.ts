import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseWorkerConfig } from '../../../src/worker/config';
import { EndpointError, endpointUrl } from '../../../src/google/endpoint';
import { googleServices } from '../../../src/google/services';

const credentials = { headers: () => Promise.resolve({ authorization: 'Bearer x' }), refresh: () => undefined };
const create = (vertex: string, options: object = {}) =>
  googleServices({ endpoints: { vertex }, emulators: {}, credentials, ...options });

suite('the endpoint of a service', () => {
  test('is a URL, even if only its host is given', () => {
    assert.equal(endpointUrl('vertex.example', 'https'), 'https://vertex.example');
    assert.equal(endpointUrl('localhost:8080/', 'http'), 'http://localhost:8080');
    assert.equal(endpointUrl('https://proxy.example/vertex/', 'https'), 'https://proxy.example/vertex');
    assert.equal(endpointUrl('', 'https'), undefined);
  });

  test('must not have a user, a query, a fragment or another scheme', () => {
    for (const host of [
      'a@b',
      'https://a:b@c',
      'a?b',
      'a#b',
      'https://',
      'file:///etc',
      'a\\b',
      'a b',
      'https://[',
      '//x',
    ]) {
      assert.throws(() => endpointUrl(host, 'https'), EndpointError, host);
    }
  });

  test('over http receives no credentials, except on this machine or if a setting allows it', () => {
    assert.throws(
      () => create('http://vertex.example'),
      /The vertex endpoint http:\/\/vertex\.example would get credentials .*VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS=true/,
    );
    for (const host of [
      'http://127.0.0.1:8080',
      'http://localhost:8080',
      'http://[::1]:8080',
      'https://vertex.example',
    ]) {
      assert.ok(create(host));
    }
    assert.ok(create('http://vertex.example', { allowHttpCredentials: true }));
    assert.ok(create('http://vertex.example', { emulators: { vertex: 'http://emulator.example' } }));
  });

  test('over http is reported as a problem of the environment, with the setting that allows it', () => {
    for (const name of ['VERTEX', 'STORAGE', 'REGISTRY']) {
      const setting = `VERTEX_EXPORT_${name}_ENDPOINT`;
      const env = { [setting]: 'http://service.example' };
      assert.throws(
        () => parseWorkerConfig(env),
        new RegExp(`${setting}: http://service\\.example would get .*VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS=true`),
      );
      assert.equal(
        parseWorkerConfig({ ...env, VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS: 'true' }).google.allowHttpCredentials,
        true,
      );
      assert.ok(parseWorkerConfig({ [setting]: 'http://127.0.0.1:1' }));
      assert.ok(parseWorkerConfig({ ...env, [`${name}_EMULATOR_HOST`]: 'localhost:1' }));
    }
    assert.throws(() => parseWorkerConfig({ VERTEX_EXPORT_ALLOW_HTTP_CREDENTIALS: 'yes' }), /must be true or false/);
    assert.throws(
      () => parseWorkerConfig({ VERTEX_EXPORT_VERTEX_ENDPOINT: 'http://1.1.1.1.1:99999' }),
      /VERTEX_ENDPOINT: must be a URL/,
    );
  });
});
