import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectCoreMl } from '../../../../src/verification/formats/core-ml/core-ml';
import { inspectLabels } from '../../../../src/verification/formats/labels';
import { arrayFeature, coreMl, doubleFeature, mlProgram, weightFile } from '../../../support/core-ml';
import type { Files, SeenInspection } from '../../../support/inspection';
import { fixture, inspectWith } from '../../../support/inspection';
import { field, message, varint } from '../../../support/protobuf';
import { savedModel } from '../../../support/saved-model';

const MODEL = 'model.mlmodel';
const MIB = 2 ** 20;
const WEIGHTS = '@model_path/weights/weight.bin';

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith(
    [
      { pattern: /\.mlmodel$/, inspect: inspectCoreMl },
      { pattern: /\.txt$/, inspect: inspectLabels },
    ],
    files,
  );

/** The inspection of a model with this description. */
async function summaryOf(...description: readonly Buffer[]): Promise<unknown> {
  const { findings, inspected } = await inspect({ [MODEL]: coreMl({ description }) });
  assert.deepEqual(findings, []);
  return inspected[0]?.summary;
}

suite('A Core ML model', () => {
  test('is reported with version, type, inputs, outputs and the number of labels', async () => {
    const { findings, notes, inspected } = await inspect(fixture('image/core-ml'));
    assert.deepEqual([findings, notes], [[], []]);
    assert.deepEqual(inspected, [
      { path: 'dict.txt', kind: 'labels', summary: { lines: 5 } },
      {
        path: MODEL,
        kind: 'core-ml',
        summary: {
          specificationVersion: 1,
          type: 'neuralNetwork',
          inputs: [{ name: 'image', type: 'float64', shape: [48] }],
          outputs: [{ name: 'scores', type: 'float64', shape: [5] }],
          description: 'Five flowers',
        },
      },
    ]);
  });

  test('reports the features of every kind', async () => {
    const image = (...fields: readonly Buffer[]): Buffer =>
      message(3, message(4, field(1, 20), field(2, 10), field(3, 20), ...fields));
    const summary = await summaryOf(
      message(1, field(1, 'image'), image()),
      message(
        1,
        field(1, 'wide'),
        image(message(31, message(1, field(1, 1), field(2, -1)), message(2, field(1, 10), field(2, 10)))),
      ),
      message(1, field(1, 'state'), message(3, message(8, message(1, field(1, 4), field(2, 65552))))),
      message(1, field(1, 'map'), message(3, message(6, message(2)))),
      arrayFeature(10, 'packed', field(1, Buffer.concat([varint(2), varint(3)])), field(2, 65568)),
      arrayFeature(
        10,
        'any',
        field(1, 1),
        field(1, 3),
        field(2, 131104),
        message(21, message(1, field(1, 2), field(1, 3))),
      ),
      message(10, field(1, 'new'), message(3, message(50))),
    );
    assert.deepEqual(summary, {
      specificationVersion: 1,
      type: 'identity',
      inputs: [
        { name: 'image', type: 'image RGB', shape: [10, 20] },
        { name: 'wide', type: 'image RGB', shape: [10, -1] },
        { name: 'state', type: 'float16', shape: [4] },
        { name: 'map', type: 'dictionary' },
      ],
      outputs: [
        { name: 'packed', type: 'float32', shape: [2, 3] },
        { name: 'any', type: 'int32', shape: [-1, 3] },
        { name: 'new', type: 'unspecified' },
      ],
    });
  });

  test('of several functions is reported with the features of the functions', async () => {
    const summary = await summaryOf(message(20, field(1, 'main'), doubleFeature(2, 'a'), doubleFeature(3, 'b')));
    assert.deepEqual(summary, {
      specificationVersion: 1,
      type: 'identity',
      inputs: [{ name: 'a', type: 'float64' }],
      outputs: [{ name: 'b', type: 'float64' }],
    });
  });

  const { file: weights, offsets } = weightFile(100, 7);
  const program = mlProgram(...offsets.map((offset) => ({ file: WEIGHTS, offset })));
  const pipeline = coreMl({ type: 202, content: [message(1, program)] });
  const good: Record<string, Files> = {
    'of a few bytes': { [MODEL]: coreMl() },
    'that is a tree': { [MODEL]: coreMl({ type: 402, content: [message(1, message(1))] }) },
    'that is a pipeline of models': { [MODEL]: coreMl({ type: 202, content: [message(1, coreMl())] }) },
    'of an unknown version': { [MODEL]: coreMl({ version: 42 }) },
    'that can be updated': { [MODEL]: Buffer.concat([coreMl(), field(10, 1)]) },
    'that is a program without weights': { [MODEL]: coreMl({ type: 502, content: [field(1, 1)] }) },
    'that is a program with its weights beside it': { [MODEL]: program, 'weights/weight.bin': weights },
    'in a package': {
      'm.mlpackage/Data/com.apple.CoreML/model.mlmodel': program,
      'm.mlpackage/Data/com.apple.CoreML/weights/weight.bin': weights,
    },
    'with weights in another folder of its package': {
      'm.mlpackage/Data/model/model.mlmodel': program,
      'm.mlpackage/Data/weights/weight.bin': weights,
    },
    'that is a pipeline of programs': { [MODEL]: pipeline, 'weights/weight.bin': weights },
  };
  for (const [title, files] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      const { findings, notes, inspected, used } = await inspect(files);
      assert.deepEqual([findings, notes], [[], []]);
      assert.equal(inspected.length, 1);
      assert.deepEqual(
        Object.keys(files).filter((path) => !used.includes(path)),
        [],
      );
    });
  }

  test('of an unknown type is accepted with a note', async () => {
    const { findings, notes } = await inspect({ [MODEL]: coreMl({ type: 777 }) });
    assert.deepEqual([findings, notes], [[], [`${MODEL}: its model, field 777, is of an unknown type`]]);
  });

  const node = message(1, field(1, 'x'));
  const whole = coreMl();
  const bad: Record<string, [Files, RegExp]> = {
    'that is an ONNX model': [
      { [MODEL]: Buffer.concat([field(1, 8), field(2, 'pytorch'), message(7, node), message(8, field(2, 17))]) },
      /is not a complete Core ML model: it has no model, which is a field of 200 or above$/,
    ],
    'that is a SavedModel': [{ [MODEL]: savedModel({}) }, /it has no model/],
    'that is a GraphDef': [{ [MODEL]: Buffer.concat([node, node]) }, /field 1 is not a version$/],
    'that is a page of a proxy': [{ [MODEL]: '<html>' }, /has no protocol buffer field at byte 0$/],
    'of two bytes': [{ [MODEL]: whole.subarray(0, 2) }, /it has no model/],
    'with nothing but version and description': [
      { [MODEL]: Buffer.concat([field(1, 1), message(2)]) },
      /it has no model/,
    ],
    'without a version': [{ [MODEL]: whole.subarray(2) }, /it has no specification version$/],
    'without a description': [{ [MODEL]: Buffer.concat([field(1, 1), message(900)]) }, /it has no description$/],
    'with two models': [
      { [MODEL]: Buffer.concat([whole, message(500)]) },
      /it has two models, the fields 900 and 500$/,
    ],
    'whose model is not a message': [
      { [MODEL]: Buffer.concat([field(1, 1), message(2), field(500, Buffer.alloc(100))]) },
      /has no protocol buffer field at byte/,
    ],
    'whose input is not a message': [
      { [MODEL]: coreMl({ description: [field(1, Buffer.from([0x1a, 0x05]))] }) },
      /has no FeatureDescription at byte 6: /,
    ],
    'that is a program without its weights': [
      { [MODEL]: program },
      /is incomplete: its weights in weights\/weight\.bin are missing$/,
    ],
    'that is a pipeline of programs without their weights': [
      { [MODEL]: pipeline },
      /weights\/weight\.bin are missing$/,
    ],
    'whose weights are cut off': [
      { [MODEL]: program, 'weights/weight.bin': weights.subarray(0, -1) },
      /^weights\/weight\.bin: is cut off: its weights should end at byte 327, but the file has 326$/,
    ],
    'whose weights are cut off before the last of them': [
      { [MODEL]: program, 'weights/weight.bin': weights.subarray(0, 260) },
      /^weights\/weight\.bin: is cut off: weights should begin at byte 256, but the file has 260$/,
    ],
    'whose weights are another file of the same kind': [
      { [MODEL]: program, 'weights/weight.bin': weightFile(500).file },
      /^weights\/weight\.bin: is damaged: there are no weights at byte 256$/,
    ],
  };
  for (const [title, [files, message]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match((await inspect(files)).findings.join('\n'), message);
    });
  }

  test('is rejected wherever it is cut off', async () => {
    const { [MODEL]: file = Buffer.alloc(0) } = fixture('image/core-ml');
    for (let length = 1; length < file.length; length += 1) {
      const { findings } = await inspect({ [MODEL]: file.subarray(0, length) });
      assert.notDeepEqual(findings, [], `cut off at ${length} of ${file.length}`);
    }
  });

  test('with large layers is inspected with a few small reads', async () => {
    const layers = Array.from({ length: 40 }, () => message(1, field(1, 'layer'), field(20, Buffer.alloc(MIB))));
    const { findings, notes, reads } = await inspect({ [MODEL]: coreMl({ type: 500, content: layers }) });
    assert.deepEqual([findings, notes], [[], []]);
    assert.ok(reads.length <= 20, `${reads.length} reads`);
    assert.ok(reads.reduce((sum, { length }) => sum + length, 0) <= 128 * 1024);
  });

  test('that is a program too large for a complete inspection is accepted with a note', async () => {
    const operations = Buffer.alloc(4 * MIB, Buffer.from([0x1a, 0]));
    const block = message(2, field(1, 'main'), message(2, message(3, field(1, 'op'), message(2, operations))));
    const { findings, notes, inspected, reads } = await inspect({ [MODEL]: coreMl({ type: 502, content: [block] }) });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /^model\.mlmodel: was not fully inspected: only \d+ of \d+ bytes were read$/);
    assert.equal(inspected.length, 1);
    assert.ok(reads.reduce((sum, { length }) => sum + length, 0) <= MIB);
  });

  test('whose blocks are nested too deep is accepted with a note', async () => {
    let block = message(3, field(1, 'cond'));
    for (let depth = 0; depth < 1_000; depth += 1) block = message(3, message(4, block));
    const content = [message(2, field(1, 'main'), message(2, message(3, field(1, 'op'), message(2, block))))];
    const { findings, notes } = await inspect({ [MODEL]: coreMl({ type: 502, content }) });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /was not fully inspected: it has messages nested deeper than 64 at byte \d+$/);
  });
});

suite('Labels', () => {
  const counted: Record<string, [string, number]> = {
    'without a line feed at the end': ['daisy\nrose', 2],
    'with an empty line at the end': ['daisy\nrose\n\n', 3],
    'of Windows, with a byte order mark': ['\uFEFFdaisy\r\nrose\r\n', 2],
  };
  for (const [title, [text, lines]] of Object.entries(counted)) {
    test(`${title} are counted`, async () => {
      const { findings, inspected } = await inspect({ 'dict.txt': text });
      assert.deepEqual(findings, []);
      assert.deepEqual(inspected, [{ path: 'dict.txt', kind: 'labels', summary: { lines } }]);
    });
  }

  test('in an encoding other than UTF-8 are counted, too', async () => {
    const { findings, inspected } = await inspect({ 'dict.txt': Buffer.from([0x61, 0xff, 0xfe]) });
    assert.deepEqual(findings, []);
    assert.deepEqual(inspected, [{ path: 'dict.txt', kind: 'labels', summary: { lines: 1 } }]);
  });
});
