import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { belongs, familyOf, FORMAT_IDS } from '../../../src/verification/formats';
import { checkListing, unexpectedFiles } from '../../../src/verification/listing';

/** Files of one byte at these paths; a path that ends in `=0` is of an empty file. */
const listed = (...paths: readonly string[]) =>
  paths.map((path) => ({ path: path.replace(/=0$/, ''), bytes: path.endsWith('=0') ? 0 : 1 }));

const check = (format: string, ...paths: readonly string[]) => {
  const files = listed(...paths);
  return checkListing(
    familyOf(
      format,
      files.map(({ path }) => path),
    ),
    files,
    false,
  );
};

suite('A listing', () => {
  const complete: readonly [format: string, ...paths: string[]][] = [
    ['tflite', 'model.tflite'],
    ['tflite', 'a/b.tflite', 'empty.tflite=0'],
    ['edgetpu-tflite', 'edgetpu_model.tflite'],
    ['tf-saved-model', 'saved_model.pb'],
    ['tf-saved-model', 'x/saved_model.pb'],
    ['tf-saved-model', 'predict/001/saved_model.pb', 'environment.json'],
    ['tf-js', 'model.json', 'group1-shard1of1.bin'],
    ['tf-js', 'x/model.json', 'x/weights'],
    ['core-ml', 'model.mlmodel'],
    ['custom-trained', 'x'],
    ['genie', 'x'],
  ];
  for (const [format, ...paths] of complete) {
    test(`of ${format} with ${paths.join(', ')} has all that is required`, async () => {
      assert.deepEqual((await check(format, ...paths)).findings, []);
    });
  }

  const incomplete: readonly [format: string, paths: string[], findings: string[]][] = [
    ['tflite', ['model.tflite.txt', 'tflite'], ['a .tflite file is missing']],
    ['tflite', ['model.tflite=0'], ['model.tflite is empty (0 bytes)']],
    ['tflite', ['a.tflite=0', 'b.tflite=0'], ['a.tflite is empty (0 bytes)', 'b.tflite is empty (0 bytes)']],
    ['edgetpu-tflite', ['x'], ['a .tflite file is missing']],
    ['tf-saved-model', ['my_saved_model.pb', 'saved_model.pb.txt'], ['saved_model.pb is missing']],
    [
      'tf-saved-model',
      ['predict/saved_model.pb', 'x/environment.json'],
      ['environment.json is missing', 'predict/001/saved_model.pb is missing'],
    ],
    ['tf-saved-model', ['x/predict/001/y'], ['saved_model.pb is missing']],
    [
      'tf-saved-model',
      ['predict/1/2/saved_model.pb', 'environment.json.bak'],
      ['environment.json is missing', 'predict/001/saved_model.pb is missing'],
    ],
    ['tf-js', ['model.json'], ['a weight shard beside model.json is missing']],
    ['tf-js', ['model.json', 'dict.txt', 'x/'], ['a weight shard beside model.json is missing']],
    ['tf-js', ['my-model.json', 'model.jsonl'], ['model.json is missing']],
    ['core-ml', ['mlmodel', 'x.mlmodel/y'], ['a .mlmodel file is missing']],
    ['custom-trained', ['x/', 'y/=0'], ['a file is missing']],
    ['genie', ['x/'], ['a file is missing']],
    ['genie', ['x=0'], ['x is empty (0 bytes)']],
  ];
  for (const [format, paths, findings] of incomplete) {
    test(`of ${format} with ${paths.join(', ')} has findings`, async () => {
      assert.deepEqual((await check(format, ...paths)).findings, findings);
    });
  }

  test('without a file is a finding only', async () => {
    assert.deepEqual(await checkListing(familyOf('tflite', []), [], true), {
      findings: ['there is no file in the directory'],
      notes: [],
    });
  });

  test('has notes on empty files that are not required, then on files without a checksum', async () => {
    const files = [
      { path: 'model.tflite', bytes: 1, crc32c: 'AAAA' },
      { path: 'b.tflite', bytes: 0 },
      { path: 'c.txt', bytes: 0, crc32c: 'AAAA' },
    ];
    assert.deepEqual(await checkListing(familyOf('tflite', []), files, true), {
      findings: [],
      notes: ['b.tflite is empty (0 bytes)', 'c.txt is empty (0 bytes)', 'b.tflite has no crc32c'],
    });
    assert.deepEqual((await checkListing(familyOf('tflite', []), files, false)).notes, [
      'b.tflite is empty (0 bytes)',
      'c.txt is empty (0 bytes)',
    ]);
  });

  test('keeps 1,000 notes on unexpected files, and counts the others', async () => {
    const files = listed('a', ...Array.from({ length: 1_001 }, (_, index) => `x${index}`));
    const notes = await unexpectedFiles((path) => path === 'a', files);
    assert.deepEqual(
      [notes.length, notes[0], notes.at(-1)],
      [1_001, 'x0 is not a file of this format', 'and 1 more notes'],
    );
  });
});

suite('The files of a format', () => {
  const LABELS = ['dict.txt', 'label.txt', 'labels.txt', 'x/labels.txt', 'flower_labels.txt'];
  const expected: Readonly<Record<string, readonly string[]>> = {
    tflite: ['x/', 'x.tflite', ...LABELS, 'tflite_metadata.json', 'x/tflite_metadata.json'],
    'edgetpu-tflite': ['x/', 'x.tflite', ...LABELS, 'tflite_metadata.json'],
    'tf-saved-model': [
      ...['saved_model.pb', 'variables/x', 'a/variables/x', 'assets/x', 'assets.extra/x', 'a/assets/b/c'],
      ...['fingerprint.pb', 'a/fingerprint.pb', 'keras_metadata.pb', ...LABELS],
    ],
    // A shard of weights may have any name.
    'tf-js': ['model.json', 'x.bin', 'group1-shard1of2', 'a/weights', ...LABELS],
    'core-ml': ['x.mlmodel', ...LABELS, 'x.mlpackage/Data/x'],
    'custom-trained': ['anything', 'x/y'],
  };
  const others: Readonly<Record<string, readonly string[]>> = {
    tflite: [
      'x.tflite.bak',
      'mydict.txt',
      'labels.txt.bak',
      'my-labels.txt',
      'xtflite_metadata.json',
      'tflite_metadata.json5',
    ],
    'edgetpu-tflite': ['x.bin', 'my_labels_txt'],
    'tf-saved-model': ['xvariables/x', 'variables', 'assetsxextra/x', 'myfingerprint.pb', 'fingerprint.pbtxt', 'x.pb'],
    'core-ml': ['x.mlmodelc', 'x.mlpackage', 'xmlpackage/y'],
  };
  for (const format of FORMAT_IDS) {
    test(`of ${format} are those that it has, and no others`, () => {
      const family = familyOf(format, []);
      assert.ok(family);
      assert.deepEqual(
        (expected[format] ?? []).filter((path) => !belongs(family, path)),
        [],
      );
      assert.deepEqual(
        (others[format] ?? []).filter((path) => belongs(family, path)),
        [],
      );
    });
  }

  test('of a tabular model are below predict/ and beside it', () => {
    const family = familyOf('tf-saved-model', ['predict/001/saved_model.pb']);
    assert.ok(family);
    const files = [
      ...['environment.json', 'predict/001/variables/x', 'feature_attributions.yaml', 'instance.yaml'],
      ...['prediction_schema.yaml', 'tables_server_metadata.pb', 'a.pb'],
    ];
    assert.deepEqual(
      files.filter((path) => !belongs(family, path)),
      [],
    );
    const strange = [
      'x/environment.json',
      'xpredict/y',
      'x/instance.yaml',
      'instance.yaml2',
      'x/a.pb',
      'A.pb',
      'a.pbtxt',
      '.pb',
    ];
    assert.deepEqual(
      strange.filter((path) => belongs(family, path)),
      [],
    );
    assert.equal(familyOf('tflite', ['predict/x'])?.required[0]?.name, 'a .tflite file');
  });

  test('of a format that is not known are not known', () => {
    assert.equal(familyOf('genie', []), undefined);
  });

  const KINDS: readonly [format: string, path: string, inspector: string | undefined][] = [
    ['tflite', 'x.tflite', 'inspectTflite'],
    ['tflite', 'x.tflite2', undefined],
    ['tflite', 'labels.txt', 'inspectLabels'],
    ['edgetpu-tflite', 'x.tflite', 'inspectEdgeTpu'],
    ['edgetpu-tflite', 'dict.txt', 'inspectLabels'],
    ['tf-saved-model', 'a/saved_model.pb', 'inspectSavedModel'],
    ['tf-saved-model', 'labels.txt', 'inspectLabels'],
    ['tf-js', 'model.json', 'inspectTfJs'],
    ['tf-js', 'a/model.json', 'inspectTfJs'],
    ['tf-js', 'mymodel.json', undefined],
    ['tf-js', 'model.jsonl', undefined],
    ['tf-js', 'dict.txt', 'inspectLabels'],
    ['core-ml', 'x.mlmodel', 'inspectCoreMl'],
    ['core-ml', 'x.mlmodelc', undefined],
    ['core-ml', 'dict.txt', 'inspectLabels'],
    ['custom-trained', 'x.safetensors', 'inspectSafetensors'],
    ['custom-trained', 'x.safetensors.index.json', 'inspectSafetensorsIndex'],
    ['custom-trained', 'x.safetensors.index.json5', undefined],
    ['custom-trained', 'x.safetensors.bak', undefined],
    ['custom-trained', 'saved_model.pb', 'inspectCustomSavedModel'],
    ['custom-trained', 'x.onnx', 'inspectOnnx'],
    ['custom-trained', 'x.onnx.data', undefined],
    ['custom-trained', 'x.pt', 'inspectPytorch'],
    ['custom-trained', 'x.pth', 'inspectPytorch'],
    ['custom-trained', 'x.jit', 'inspectPytorch'],
    ['custom-trained', 'x.pth.tar', undefined],
    ['custom-trained', 'pytorch_model.bin', 'inspectPytorch'],
    ['custom-trained', 'a/pytorch_model-00001-of-00002.bin', 'inspectPytorch'],
    ['custom-trained', 'my_pytorch_model.bin', undefined],
    ['custom-trained', 'pytorch_model/x.bin', undefined],
    ['custom-trained', 'pytorch_model.bin.index.json', undefined],
    ['custom-trained', 'x.mar', 'inspectModelArchive'],
    ['custom-trained', 'x.mark', undefined],
    ['custom-trained', 'x.pkl', 'inspectPickle'],
    ['custom-trained', 'x.pickle', 'inspectPickle'],
    ['custom-trained', 'x.joblib', 'inspectPickle'],
    ['custom-trained', 'x.joblib.z', undefined],
    ['custom-trained', 'x.bst', 'inspectXgboost'],
    ['custom-trained', 'x.ubj', 'inspectXgboost'],
    ['custom-trained', 'x.ubjson', undefined],
    ['custom-trained', 'x.tflite', 'inspectTflite'],
    ['custom-trained', 'x.tflite2', undefined],
    ['custom-trained', 'labels.txt', undefined],
  ];
  for (const [format, path, inspector] of KINDS) {
    test(`of ${format}: ${path} is inspected by ${inspector ?? 'nothing'}`, () => {
      const kind = familyOf(format, [path])?.kinds.find(({ pattern }) => pattern.test(path));
      assert.equal(kind?.inspect.name, inspector);
    });
  }

  test('of a tabular model that are inspected are its environment and its SavedModel', () => {
    const kinds = familyOf('tf-saved-model', ['predict/1/x'])?.kinds ?? [];
    const inspectorOf = (path: string) => kinds.find(({ pattern }) => pattern.test(path))?.inspect.name;
    assert.equal(inspectorOf('environment.json'), 'inspectEnvironment');
    assert.equal(inspectorOf('environment.json5'), undefined);
    assert.equal(inspectorOf('x/environment.json'), undefined);
    assert.equal(inspectorOf('predict/001/saved_model.pb'), 'inspectSavedModel');
  });
});
