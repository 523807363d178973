import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bytes, dict, global, int, list, nothing, persistent, pickle, text, tuple } from '../../../support/pickle';
import { accepted, findingsOf, inspect, MIB, notesOf } from '../../../support/uploaded-kinds';
import { zipArchive } from '../../../support/zip';

suite('The parts of a PyTorch model', () => {
  const TYPES = {
    ...{ DoubleStorage: 8, FloatStorage: 4, HalfStorage: 2, BFloat16Storage: 2, LongStorage: 8, IntStorage: 4 },
    ...{ ShortStorage: 2, CharStorage: 1, ByteStorage: 1, BoolStorage: 1, ComplexDoubleStorage: 16 },
    ...{ ComplexFloatStorage: 8, UntypedStorage: 1, QInt32Storage: 4, QInt8Storage: 1, QUInt8Storage: 1 },
  };
  const storage = (type: string, elements: number, key = '0'): Buffer =>
    persistent(tuple(text('storage'), global('torch.storage', type), text(key), text('cpu'), int(elements)));
  const archive = (
    value: Buffer,
    bytes: number,
    ...more: readonly { name: string; content: string; deflated?: boolean }[]
  ): Buffer =>
    zipArchive([
      { name: 'net/data.pkl', content: pickle(value) },
      { name: 'net/data/0', content: Buffer.alloc(bytes) },
      ...more,
    ]);

  test('have as many bytes as their types need', async () => {
    for (const [type, size] of Object.entries(TYPES)) {
      await accepted('m.pt', archive(storage(type, 3), size * 3));
      assert.equal(
        await findingsOf('m.pt', archive(storage(type, 3), size * 3 - 1)),
        `m.pt: the tensor data net/data/0 has ${size * 3 - 1} bytes, but should have ${size * 3}`,
      );
    }
    await accepted('m.pt', archive(storage('NewStorage', 3), 0));
  });

  test('are only those that the pickle names as storages', async () => {
    const others = [
      tuple(text('module'), global('torch', 'FloatStorage'), text('9'), text('cpu'), int(4)),
      tuple(text('storage'), global('torch', 'FloatStorage'), int(9), text('cpu'), int(4)),
      tuple(text('storage'), global('torch', 'FloatStorage'), text('9'), text('cpu'), text('4')),
      nothing,
    ];
    await accepted('m.pt', archive(list(...others.map(persistent)), 0));
    const withoutType = persistent(tuple(text('storage'), nothing, text('9'), text('cpu'), int(4)));
    assert.equal(await findingsOf('m.pt', archive(withoutType, 0)), 'm.pt: the tensor data net/data/9 is missing');
  });

  test('show whether it is TorchScript', async () => {
    const value = dict({});
    for (const name of ['net/constants.pkl', 'net/code/x.py']) {
      assert.deepEqual(await accepted('m.pt', archive(value, 0, { name, content: 'x' })), {
        layout: 'torchscript',
        tensors: 1,
      });
    }
    for (const name of [
      'constants.pkl',
      'other/constants.pkl',
      'net/codex',
      'other/data/1',
      'other/data.pkl',
      '/data.pkl',
    ]) {
      assert.deepEqual(await accepted('m.pt', archive(value, 0, { name, content: 'x' })), {
        layout: 'zip',
        tensors: 1,
      });
    }
  });

  test('include a pickle in a folder at the top', async () => {
    for (const name of ['data.pkl', '/data.pkl', 'a/b/data.pkl', 'net/data.pkl2']) {
      assert.match(
        await findingsOf('m.pt', zipArchive([{ name, content: pickle(dict({})) }])),
        /no data\.pkl is among its zip entries$/,
      );
    }
  });

  test('are not inspected if the pickle is compressed and large', async () => {
    const large = pickle(list(bytes(Buffer.alloc(MIB))));
    const model = zipArchive([{ name: 'net/data.pkl', content: large, deflated: true }]);
    const { findings, notes, inspected } = await inspect({ 'm.pt': model });
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, ['m.pt: was not fully inspected: its entry net/data.pkl is compressed']);
    assert.deepEqual(inspected[0]?.summary, { layout: 'zip', tensors: 0 });
  });

  /** The form of before PyTorch 1.6. */
  function legacy(value: Buffer, keys: Buffer, data: Buffer): Buffer {
    const magic = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
    return Buffer.concat([magic, pickle(int(1001)), pickle(dict({})), pickle(value), pickle(keys), data]);
  }

  test('of the form before 1.6 fill the file', async () => {
    const value = storage('FloatStorage', 2);
    const keys = list(text('0'));
    assert.deepEqual(await notesOf('m.pth', legacy(value, keys, Buffer.alloc(16))), []);
    assert.deepEqual(await notesOf('m.pth', legacy(value, keys, Buffer.alloc(19))), [
      'm.pth: has 3 bytes after its tensors',
    ]);
    assert.match(
      await findingsOf('m.pth', legacy(value, keys, Buffer.alloc(15))),
      /its tensors should have 16 bytes at byte \d+, but 15 are left$/,
    );
  });

  test('of the form before 1.6 with an unknown size have a note', async () => {
    const note = ['m.pth: has tensors whose sizes are not known, so that its end was not checked'];
    assert.deepEqual(await notesOf('m.pth', legacy(storage('NewStorage', 2), list(text('0')), Buffer.alloc(8))), note);
    assert.deepEqual(await notesOf('m.pth', legacy(nothing, list(text('0'), int(7)), Buffer.alloc(40))), note);
    assert.match(await findingsOf('m.pth', legacy(nothing, list(text('0')), Buffer.alloc(7))), /should have 8 bytes/);
  });

  test('of the form before 1.6 have a list of keys', async () => {
    assert.match(
      await findingsOf('m.pth', legacy(nothing, nothing, Buffer.alloc(8))),
      /has no list of its tensors' keys at byte \d+$/,
    );
  });
});

suite('The parts of a model archive of TorchServe', () => {
  const archive = (manifest: string, ...names: readonly string[]): Buffer =>
    zipArchive([
      ...names.map((name) => ({ name, content: 'x' })),
      { name: 'MAR-INF/MANIFEST.json', content: manifest },
    ]);

  test('are found by their base names', async () => {
    const manifest = JSON.stringify({ model: { serializedFile: '/tmp/export/net.pt', modelFile: 'src/model.py' } });
    assert.deepEqual(await accepted('m.mar', archive(manifest, 'net.pt', 'src/model.py')), { entries: 3 });
    assert.equal(await findingsOf('m.mar', archive(manifest, 'net.pt')), 'm.mar: its src/model.py is missing');
  });

  test('may be absent, null or empty', async () => {
    const model = { modelName: null, serializedFile: '', modelFile: null, handler: null, other: [{}] };
    assert.deepEqual(await accepted('m.mar', archive(JSON.stringify({ model, other: {} }))), {
      ...{ entries: 1, modelName: '', handler: '' },
    });
    assert.deepEqual(await accepted('m.mar', archive('{"model":{}}')), { entries: 1 });
  });

  const bad: Record<string, [string, RegExp]> = {
    'without a model': ['{}', /^m\.mar: its MAR-INF\/MANIFEST\.json is not valid: model is missing$/],
    'whose name is a number': ['{"model":{"modelName":1}}', /the value of modelName is not a text/],
    'followed by text': [
      '{"model":{}}x',
      /its MAR-INF\/MANIFEST\.json is not JSON: at byte \d+, text follows its end$/,
    ],
    'that is empty': ['', /its MAR-INF\/MANIFEST\.json is empty$/],
  };
  for (const [title, [manifest, finding]] of Object.entries(bad)) {
    test(`with a manifest ${title} are refused`, async () => {
      assert.match(await findingsOf('m.mar', archive(manifest)), finding);
    });
  }

  test('are not inspected if the manifest is compressed and large', async () => {
    const content = `{"model":{}}${' '.repeat(MIB)}`;
    const file = zipArchive([{ name: 'MAR-INF/MANIFEST.json', content, deflated: true }]);
    const { findings, notes, inspected } = await inspect({ 'm.mar': file });
    assert.deepEqual(findings, []);
    assert.deepEqual(notes, ['m.mar: was not fully inspected: its MAR-INF/MANIFEST.json is compressed']);
    assert.deepEqual(inspected, [{ path: 'm.mar', kind: 'torch-model-archive', summary: { entries: 1 } }]);
  });
});
