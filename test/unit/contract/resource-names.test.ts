import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  mayBeSameProject,
  modelName,
  parseImageReference,
  parseImageUri,
  parseLocationName,
  parseModelName,
  parseOperationName,
  parseStorageUri,
} from '../../../src/contract/resource-names';

const LOCATION = 'projects/p-1/locations/us-central1';

/** Texts that let a part of a name change its position in a URL. */
const HOSTILE_PARTS = [
  ...[
    'evil.example#',
    'evil.example/',
    'us-central1#',
    'us-central1?',
    'us-central1/..',
    '..',
    '.',
    '',
    '%2e%2e',
    '%2F',
  ],
  ...['us-central1@evil.example', 'us-central1:443', 'us-central1\u0000', 'us-central1\n', 'us-central1 ', '\ud800'],
  ...['US-CENTRAL1', 'u\u0455-central1', 'us-central1.evil.example', 'us-central1\\evil', '*', '__proto__'],
];

suite('resource names', () => {
  test('a resource name is rejected if a part could change the host or path of a URL', () => {
    for (const part of HOSTILE_PARTS) {
      assert.equal(parseLocationName(`projects/p-1/locations/${part}`), undefined, part);
      assert.equal(parseModelName(`projects/p-1/locations/${part}/models/1`), undefined, part);
      assert.equal(parseOperationName(`projects/p-1/locations/${part}/operations/1`), undefined, part);
      if (part === '__proto__') continue;
      assert.equal(parseModelName(`${LOCATION}/models/1@${part}x!`), undefined, part);
    }
    for (const part of HOSTILE_PARTS.filter((one) => !/^[\w-]+$/.test(one))) {
      assert.equal(parseModelName(`${LOCATION}/models/${part}`), undefined, part);
      assert.equal(parseOperationName(`${LOCATION}/models/${part}/operations/1`), undefined, part);
      assert.equal(parseOperationName(`${LOCATION}/models/1/operations/${part}`), undefined, part);
      if (!/^[a-z]/.test(part))
        assert.equal(parseLocationName(`projects/${part}/locations/us-central1`), undefined, part);
    }
  });

  test('a resource name is rejected with text before, after or between its parts', () => {
    for (const name of [
      ...[`/${LOCATION}/models/1`, `${LOCATION}/models/1/`, `${LOCATION}/models/1\n`, ` ${LOCATION}/models/1`],
      ...[
        `${LOCATION}/models/1/../2`,
        `${LOCATION}//models/1`,
        `https://x/${LOCATION}/models/1`,
        'x'.repeat(1_000_000),
      ],
    ]) {
      assert.equal(parseModelName(name), undefined, name.slice(0, 80));
      assert.equal(parseOperationName(name.replace('models', 'operations')), undefined, name.slice(0, 80));
    }
  });

  test('the name of an operation is below a Model or below a location', () => {
    assert.deepEqual(parseOperationName('projects/12/locations/eu/models/m_1/operations/99'), {
      project: '12',
      location: 'eu',
      model: 'm_1',
      operation: '99',
    });
    const below = parseOperationName(`${LOCATION}/operations/99`);
    assert.deepEqual(below, { project: 'p-1', location: 'us-central1', operation: '99' });
  });

  test('a parsed Model name is formatted to the same name', () => {
    for (const name of [`${LOCATION}/models/1`, `${LOCATION}/models/1@2`]) {
      const parts = parseModelName(name);
      assert.ok(parts);
      assert.equal(modelName(parts), name);
    }
  });

  test('two names can refer to one project by id and number, but not by two ids or two numbers', () => {
    assert.ok(mayBeSameProject('p-1', 'p-1'));
    assert.ok(mayBeSameProject('p-1', '123'));
    assert.ok(!mayBeSameProject('p-1', 'p-2'));
    assert.ok(!mayBeSameProject('123', '124'));
  });
});

suite('places', () => {
  test('a storage URI is valid Unicode of at most 1,024 bytes without control characters', () => {
    for (const path of ['a\nb', 'a\u0000b', 'a\u007fb', '\ud800', '\u20ac'.repeat(400), 'x'.repeat(1_025)]) {
      assert.equal(parseStorageUri(`gs://bucket/${path}`), undefined, path.slice(0, 20));
    }
    for (const bucket of ['..', '.a', 'a', 'A-bucket', 'a/..', 'a?b', 'a#b', 'a%2Fb', '']) {
      assert.equal(parseStorageUri(`gs://${bucket}/x`), undefined, bucket);
    }
    assert.deepEqual(parseStorageUri('gs://bucket/\u{1f600}/..x/'), { bucket: 'bucket', path: '\u{1f600}/..x/' });
  });

  test('an image URI is rejected with a relative path, an unknown host or too many parts', () => {
    const host = 'us-central1-docker.pkg.dev';
    for (const uri of [
      ...[
        `${host}/p/../i:1`,
        `${host}/p/r/..`,
        `${host}/../r/i`,
        `${host}/p/./i`,
        `${host}/p/r/.hidden`,
        `${host}/p/r/i:`,
      ],
      ...['evil.example/p/r/i', 'gcr.io.evil.example/p/i', `${host}.evil.example/p/r/i`, `https://${host}/p/r/i`],
      ...[`${host}/p/r/i?x`, `${host}/p/r/i#x`, `${host}/p/r/i:a/b`, `${host}/p/r/I`, `${host}/${'p/'.repeat(500)}i`],
    ]) {
      assert.equal(parseImageUri(uri), undefined, uri.slice(0, 80));
    }
    const digest = `sha256:${'0'.repeat(64)}`;
    assert.equal(parseImageReference(`${host}/p/r/i@${digest}@${digest}`), undefined);
    assert.equal(parseImageReference(`${host}/p/r/i@sha256:..`), undefined);
    assert.deepEqual(parseImageReference(`${host}/p/r/i@${digest}`)?.reference, digest);
  });
});
