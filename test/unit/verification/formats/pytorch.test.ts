import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { dict, global, int, list, persistent, pickle, text, tuple } from '../../../support/pickle';
import { accepted, assertFewReads, findingsOf, MIB, unnoticedCuts } from '../../../support/uploaded-kinds';
import { zipArchive } from '../../../support/zip';

suite('A PyTorch model', () => {
  const storage = (key: string, elements: number, type = 'FloatStorage'): Buffer =>
    persistent(tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(elements)));
  const weights = pickle(dict({ weight: storage('0', 4), bias: storage('1', 2, 'LongStorage') }));
  const archive = (...more: readonly { name: string; content: string | Buffer; deflated?: boolean }[]): Buffer =>
    zipArchive([{ name: 'net/data.pkl', content: weights }, ...more]);
  const tensors = [
    { name: 'net/data/0', content: Buffer.alloc(16), padding: 40 },
    { name: 'net/data/1', content: Buffer.alloc(16) },
  ];

  function legacy(data: Buffer, keys = ['0', '1']): Buffer {
    const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
    return Buffer.concat([
      ...[magic, pickle(int(1001)), pickle(dict({ little_endian: int(1) })), weights],
      ...[pickle(list(...keys.map(text))), data],
    ]);
  }

  const good: Record<string, [Buffer, unknown]> = {
    'in a zip archive': [archive(...tensors), { layout: 'zip', tensors: 2 }],
    'in a repacked zip archive': [
      zipArchive([{ name: 'net/data.pkl', content: weights, deflated: true }, ...tensors], { zip64: true }),
      { layout: 'zip', tensors: 2 },
    ],
    'with additional data': [
      archive(...tensors, { name: 'net/data/2', content: '' }, { name: 'net/.data/serialization_id', content: '1' }),
      { layout: 'zip', tensors: 3 },
    ],
    'of TorchScript': [
      archive(...tensors, { name: 'net/code/__torch__.py', content: 'pass', deflated: true }),
      { layout: 'torchscript', tensors: 2 },
    ],
    'from before PyTorch 1.6': [legacy(Buffer.alloc(8 + 16 + 8 + 16)), { layout: 'legacy', tensors: 2 }],
    'that is a plain pickle': [weights, { protocol: 2 }],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted, even with the file name of a pickle`, async () => {
      assert.deepEqual(await accepted('net.pth', file), summary);
      assert.deepEqual(await accepted('export.pkl', file), summary);
    });
    test(`${title} is rejected wherever it is cut off`, async () => {
      assert.deepEqual(await unnoticedCuts('net.pth', file), []);
    });
  }

  const bad: Record<string, [Buffer, RegExp]> = {
    'whose tensor data is missing': [archive(...tensors.slice(1)), /the tensor data net\/data\/0 is missing/],
    'whose tensor data is too short': [
      archive({ name: 'net/data/0', content: Buffer.alloc(12) }, ...tensors.slice(1)),
      /net\/data\/0 has 12 bytes, but should have 16/,
    ],
    'without a pickle': [zipArchive(tensors), /is not a PyTorch model: no data\.pkl/],
    'with a pickle that is cut off': [
      zipArchive([{ name: 'net/data.pkl', content: weights.subarray(0, 20) }, ...tensors]),
      /is cut off or damaged: its pickle should have/,
    ],
    'from before PyTorch 1.6 whose tensors are cut off': [
      legacy(Buffer.alloc(30)),
      /its tensors should have 48 bytes at byte \d+, but 30 are left/,
    ],
    'that is text': [Buffer.from('{"error": 404}'), /is not a pickle/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf('net.pt', file), message_);
    });
  }

  test('larger than 1 MiB is inspected by its directory and its pickle', async () => {
    const big = { name: 'net/data/2', content: Buffer.alloc(3 * MIB) };
    await assertFewReads('net.pt', archive(big, ...tensors), 4, 32_768);
    await assertFewReads('net.pt', legacy(Buffer.alloc(2 * MIB)), 2, 8_192);
  });
});

suite('A model archive of TorchServe', () => {
  const manifest = (model: unknown): string =>
    JSON.stringify({ createdOn: '01/02/2026', model, archiverVersion: '0.12' });
  const archive = (model: unknown, deflated = true): Buffer =>
    zipArchive([
      { name: 'net.pt', content: 'weights' },
      { name: 'handler.py', content: 'pass', deflated },
      { name: 'MAR-INF/MANIFEST.json', content: manifest(model), deflated },
    ]);

  test('must have the files that its manifest names', async () => {
    const model = { modelName: 'net', serializedFile: 'net.pt', handler: 'handler.py:handle' };
    const summary = { entries: 3, modelName: 'net', handler: 'handler.py:handle' };
    assert.deepEqual(await accepted('net.mar', archive(model)), summary);
    assert.deepEqual(await accepted('net.mar', archive(model, false)), summary);
    assert.deepEqual(await unnoticedCuts('net.mar', archive(model)), []);
  });

  test('may have a handler of TorchServe and no model file', async () => {
    await accepted('net.mar', archive({ modelName: 'net', handler: 'image_classifier' }));
  });

  const bad: Record<string, [Buffer, RegExp]> = {
    'without the model file': [archive({ serializedFile: 'other.pt' }), /its other\.pt is missing/],
    'without the handler': [archive({ handler: 'mine.py' }), /its mine\.py is missing/],
    'without a manifest': [zipArchive([{ name: 'net.pt', content: '' }]), /it has no MAR-INF\/MANIFEST\.json/],
    'with another manifest': [archive('none'), /is not valid: the value of model is not an object/],
    'that is not a zip archive': [Buffer.from('hello'), /not a zip archive/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf('net.mar', file), message_);
    });
  }

  test('whose manifest inflates to more than its stated size is rejected', async () => {
    const bomb = zipArchive([{ name: 'MAR-INF/MANIFEST.json', content: Buffer.alloc(MIB, ' '), deflated: true }]);
    const entry = bomb.lastIndexOf('PK\x01\x02');
    bomb.writeUInt32LE(100, entry + 24);
    assert.match(await findingsOf('net.mar', bomb), /can't be inflated to 100 bytes/);
  });
});
