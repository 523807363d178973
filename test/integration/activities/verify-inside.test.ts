import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { VerificationLevel } from '../../../src/contract/export-input';
import type { VerifiedExport } from '../../../src/contract/export-activities';
import { activitiesOf, run } from '../../support/activities';
import type { Files } from '../../support/inspection';
import { addModel, MODELS } from '../../support/models';
import { upload } from '../../support/objects';
import { useGoogleServices } from '../../support/services';
import {
  exported,
  findingsOf,
  verify as verifyRequest,
  verifyFiles as verifyOwnFiles,
} from '../../support/verification';

const services = useGoogleServices({ stores: 'independent' });

/** Runs an export on the local services, and verifies it at the level structure. */
const verify = async (model: string, exportFormatId: string, level: VerificationLevel): Promise<VerifiedExport> =>
  verifyRequest(services(), await exported(services(), model, exportFormatId, { level }));

const verifyFiles = (exportFormatId: string, files: Files): Promise<VerifiedExport> =>
  verifyOwnFiles(services(), exportFormatId, files);

/** A safetensors file: the length of its header, the header, the data. */
function safetensors(header: unknown, dataBytes: number, length?: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(length ?? json.length));
  return Buffer.concat([size, json, Buffer.alloc(dataBytes)]);
}

const tensor = (dtype: string, shape: number[], begin: number, end: number): unknown => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

suite('safetensors files', () => {
  test('of the tuned model are inspected together with their index', async () => {
    const { inspected, reads, notes } = await verify(MODELS.assistant, 'custom-trained', 'structure');
    const kinds = (inspected ?? []).map(({ kind }) => kind);
    assert.ok(kinds.filter((kind) => kind === 'safetensors').length >= 2);
    assert.ok(kinds.includes('safetensors-index'));
    assert.ok((reads?.readRequests ?? 0) > 0 && (reads?.bytes ?? 0) > 0);
    assert.deepEqual(notes, []);
  });

  const good: Record<string, Buffer> = {
    'with metadata': safetensors({ __metadata__: { format: 'pt' }, a: tensor('F32', [2, 2], 0, 16) }, 16),
    'with zero elements, with one, and with half bytes': safetensors(
      { a: tensor('F16', [0, 3], 0, 0), b: tensor('F32', [], 0, 4), c: tensor('F4', [3, 2], 4, 7) },
      7,
    ),
    'without tensors': safetensors({}, 0),
    'of an unknown type': safetensors({ a: tensor('F128', [2], 0, 32) }, 32),
  };
  for (const [title, file] of Object.entries(good)) {
    test(`${title} are accepted`, async () => {
      const { inspected } = await verifyFiles('custom-trained', { 'own-name.safetensors': file });
      assert.equal(inspected?.length, 1);
    });
  }

  const whole = safetensors({ a: tensor('F32', [4], 0, 16) }, 16);
  const bad: Record<string, [Buffer, RegExp]> = {
    'cut off in the data': [whole.subarray(0, -3), /its tensors end at 16, but the data has 13 bytes/],
    'cut off in the header': [whole.subarray(0, 20), /its header should have \d+ bytes, but the file has 20/],
    'cut off in the length': [whole.subarray(0, 5), /too few for a header/],
    'with a hostile length': [safetensors({}, 0, 2 ** 52), /its header should have 4503599627370496 bytes/],
    'with an overlap': [
      safetensors({ a: tensor('U8', [4], 0, 4), b: tensor('U8', [4], 2, 6) }, 6),
      /the tensor b begins at 2, but should begin at 4/,
    ],
    'with a shape that does not fit': [
      safetensors({ a: tensor('F32', [3], 0, 16) }, 16),
      /do not fit its shape \[3\] of F32/,
    ],
    'of another kind': [Buffer.from('<!DOCTYPE html><html><body>404</body></html>'), /the impossible number/],
    'with a header that is not JSON': [safetensors('{"a": ', 0), /its header is not JSON/],
    'with a hostile entry': [
      safetensors({ a: tensor('F32', [-1], 0, 4) }, 4),
      /its header is not valid: the value of shape is not a number from 0 to 2\^53/,
    ],
  };
  for (const [title, [file, message]] of Object.entries(bad)) {
    test(`${title} are rejected`, async () => {
      assert.match(await findingsOf(verifyFiles('custom-trained', { 'm/model.safetensors': file })), message);
    });
  }

  test('whose index names a missing shard or tensor are rejected with all findings', async () => {
    const index = { weight_map: { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' } };
    const findings = await findingsOf(
      verifyFiles('custom-trained', {
        'model.safetensors.index.json': JSON.stringify(index),
        'model-1.safetensors': whole,
      }),
    );
    assert.match(findings, /model-1\.safetensors lacks b$/m);
    assert.match(findings, /the shard model-2\.safetensors is missing/);
  });
});

suite('a TensorFlow.js model', () => {
  const weights = [{ name: 'w', shape: [2, 2], dtype: 'float32' }];
  const model = (manifest: unknown): string => JSON.stringify({ modelTopology: {}, weightsManifest: manifest });

  test('of the emulator is inspected', async () => {
    const { inspected } = await verify(MODELS.flowers, 'tf-js', 'structure');
    assert.deepEqual(
      inspected?.map(({ kind }) => kind),
      ['labels', 'tf-js'],
    );
  });

  const good: Record<string, Files> = {
    'with a weight that spans shards with individual names': {
      'model.json': model([{ paths: ['one', 'two.bin'], weights }]),
      one: Buffer.alloc(10),
      'two.bin': Buffer.alloc(6),
    },
    'with quantised weights': {
      'model.json': model([{ paths: ['q'], weights: [{ ...weights[0], quantization: { dtype: 'float16' } }] }]),
      q: Buffer.alloc(8),
    },
  };
  for (const [title, files] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      assert.equal((await verifyFiles('tf-js', files)).inspected?.length, 1);
    });
  }

  test('with text weights is accepted with a note that lists what was not checked', async () => {
    const text = [{ name: 't', shape: [1], dtype: 'string' }];
    const { notes } = await verifyFiles('tf-js', {
      'model.json': model([{ paths: ['s'], weights: text }]),
      s: 'hello',
    });
    assert.match(notes.join(), /can't be computed/);
  });

  const bad: Record<string, [Files, RegExp]> = {
    'with a missing shard': [
      { 'model.json': model([{ paths: ['one', 'two'], weights }]), one: 'x' },
      /the shard two is missing/,
    ],
    'with a shard that is cut off': [
      { 'model.json': model([{ paths: ['one'], weights }]), one: Buffer.alloc(15) },
      /one have 15 bytes, but their weights need 16/,
    ],
    'with a shard outside': [
      { 'model.json': model([{ paths: ['../one'], weights }]), one: 'x' },
      /the shard \.\.\/one is outside of the directory/,
    ],
    'whose manifest is a page of a proxy': [
      { 'model.json': '<html>', one: 'x' },
      /model\.json: its TensorFlow\.js model is not JSON/,
    ],
    'whose manifest is another JSON': [
      { 'model.json': '{}', one: 'x' },
      /model\.json: its TensorFlow\.js model is not valid/,
    ],
  };
  for (const [title, [files, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf(verifyFiles('tf-js', files)), message);
    });
  }
});

suite('a verification at the level content', () => {
  test('reads every byte, in parts of 8 MiB, and compares the checksums', async () => {
    const big = Buffer.alloc(9 * 1024 * 1024, 'model');
    const model = addModel(services().vertex, {
      formats: { 'custom-trained': { 'model.bin': big, 'dict.txt': 'a\n' } },
    });
    const { reads } = await verify(model, 'custom-trained', 'content');
    assert.deepEqual(reads, { listRequests: 1, readRequests: 3, bytes: big.length + 2 });
  });

  test('reports an object that was replaced after it was listed', async () => {
    const { store, vertex, registry } = services();
    const request = await exported(services(), addModel(vertex), 'tflite', { level: 'content' });
    const activities = activitiesOf(services(), {
      emulators: { vertex: vertex.url, storage: vertex.url, registry: registry.url },
    });
    const uri = (request.outputInfo.artifactOutputUri ?? '').replace('gs://exports/', '');
    // The first read is delayed until the object has another generation.
    vertex.addFault({ match: { path: '/o/.*model\\.tflite$' }, times: 1, fault: { delayMs: 500 } });
    const verifying = findingsOf(run(activities.verifyExport, request));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await upload(store, `${uri}/model.tflite`, 'another');
    assert.match(await verifying, /model\.tflite: was replaced or deleted while it was verified/);
  });
});
