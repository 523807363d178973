import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectCoreMl } from '../../../../src/verification/formats/core-ml/core-ml';
import { inspectSavedModel } from '../../../../src/verification/formats/tensorflow/saved-model';
import { coreMl, doubleFeature, mlProgram, weightFile } from '../../../support/core-ml';
import type { Files, SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';
import { field, mapEntry, message } from '../../../support/protobuf';
import { metaGraph, savedModel, variablesIndex } from '../../../support/saved-model';

const MODEL = 'saved_model.pb';
const INDEX = 'variables/variables.index';
const SHARD = 'variables/variables.data-00000-of-00001';

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith(
    [
      { pattern: /saved_model\.pb$/, inspect: inspectSavedModel },
      { pattern: /\.mlmodel$/, inspect: inspectCoreMl },
    ],
    files,
  );

async function findingsOf(files: Files): Promise<string> {
  return (await inspect(files)).findings.join('\n');
}

type Summary<Kind> = Extract<SeenInspection['inspected'][number], { kind: Kind }>['summary'];

async function summaryOf(file: Buffer): Promise<Summary<'saved-model'>> {
  const { findings, inspected } = await inspect({ [MODEL]: file });
  assert.deepEqual(findings, []);
  assert.ok(inspected[0]?.kind === 'saved-model');
  return inspected[0].summary;
}

suite('The parts of a SavedModel', () => {
  test('are described with 20 tags, signatures and tensors at most', async () => {
    const names = Array.from({ length: 21 }, (_, index) => `n${index}`);
    const signature = { inputs: names, outputs: names };
    const { tags, signatures } = await summaryOf(
      savedModel({ tags: ['serve', ...names], signatures: Object.fromEntries(names.map((name) => [name, signature])) }),
    );
    assert.deepEqual(tags, ['serve', ...names.slice(0, 19)]);
    assert.deepEqual(
      signatures.map(({ name }) => name),
      names.slice(0, 20),
    );
    assert.deepEqual(
      signatures[0]?.inputs.map(({ name }) => name),
      names.slice(0, 20),
    );
    assert.equal(signatures[0].outputs.length, 20);
  });

  test('may have tensors and signatures without a name, a type or a shape', async () => {
    const signature = message(
      5,
      message(
        2,
        message(1),
        message(2, field(1, 'y')),
        message(2, field(1, 'z'), message(2, field(2, 101), message(3, field(3, 1)))),
      ),
    );
    const graph = message(2, message(1, field(4, 'serve')), message(2), signature);
    assert.deepEqual(await summaryOf(Buffer.concat([field(1, 1), graph])), {
      ...{ schemaVersion: 1, metaGraphs: 1, tags: ['serve'], assets: 0 },
      signatures: [
        {
          name: '',
          inputs: [{ name: '', type: 'unspecified' }],
          outputs: [
            { name: 'y', type: 'unspecified' },
            { name: 'z', type: 'float32' },
          ],
        },
      ],
    });
  });

  test('are graphs, of which any may restore variables and any may name the version of TensorFlow', async () => {
    const restoring = savedModel({}, { tags: ['train'], restores: true });
    assert.equal(await findingsOf({ [MODEL]: restoring }), `${MODEL}: its variables are missing: there is no ${INDEX}`);
    const { tags, tensorflowVersion, metaGraphs } = await summaryOf(savedModel({}, { tags: ['serve', 'gpu'] }));
    assert.deepEqual([tags, tensorflowVersion, metaGraphs], [['serve', 'gpu'], '2.15.1', 2]);
  });

  test('are at most 1,000 fields, of which the version may be the last', async () => {
    const graph = metaGraph();
    const padding = (count: number): Buffer[] => Array<Buffer>(count).fill(field(9, 1));
    assert.equal((await summaryOf(Buffer.concat([...padding(998), graph, field(1, 1)]))).metaGraphs, 1);
    assert.equal(
      await findingsOf({ [MODEL]: Buffer.concat([...padding(999), graph, field(1, 1)]) }),
      `${MODEL}: is not a SavedModel: it has more than 1000 fields`,
    );
    assert.equal(await findingsOf({ [MODEL]: graph }), `${MODEL}: is not a SavedModel: it has no schema version`);
    assert.match(await findingsOf({ [MODEL]: Buffer.concat([field(1, 1), field(2, 7)]) }), /it has no meta graph$/);
  });

  test('may have no tag, which the finding reports', async () => {
    assert.match(await findingsOf({ [MODEL]: savedModel({ tags: [] }) }), /with the tag serve; its tags are: none$/);
  });

  test('may share assets, each of which is reported once', async () => {
    const assets = ['a.txt', 'b.txt'];
    assert.equal(
      await findingsOf({ [MODEL]: savedModel({ assets }, { tags: ['train'], assets }), 'assets/a.txt': '' }),
      `${MODEL}: its asset assets/b.txt is missing`,
    );
    const twenty = Array.from({ length: 20 }, (_, index) => String(index));
    assert.equal((await inspect({ [MODEL]: savedModel({ assets: twenty }) })).findings.length, 20);
    const more = await inspect({ [MODEL]: savedModel({ assets: [...twenty, 'x'] }) });
    assert.deepEqual(
      [more.findings.length, more.findings.at(-1)],
      [21, `${MODEL}: 1 more of its files are missing or have another size`],
    );
  });

  const withIndex = (variables: Parameters<typeof variablesIndex>[0], bytes = 4): Files => ({
    [MODEL]: savedModel({ restores: true }),
    [INDEX]: variablesIndex(variables),
    [SHARD]: Buffer.alloc(bytes),
  });

  test('are variables in up to 100,000 shards', async () => {
    assert.equal(await findingsOf(withIndex({ shards: 100_000 })), '');
    assert.match(await findingsOf(withIndex({ shards: 100_001 })), /has the impossible number of 100001 shards$/);
    assert.match(await findingsOf(withIndex({ shards: -1 })), /variables\.index: its header is damaged: /);
  });

  test('are variables whose facts are possible', async () => {
    assert.match(
      await findingsOf(withIndex({ variables: [{ key: 'v', shape: [1], offset: -4 }] })),
      /variables\.index: its entry v is damaged: /,
    );
    assert.equal(await findingsOf(withIndex({ variables: [{ key: 'v', shape: [0, 7] }] }, 0)), '');
  });
});

suite('The parts of a Core ML model', () => {
  const FILE = 'm.mlmodel';
  const WEIGHTS = '@model_path/w.bin';
  const { file: weights, offsets } = weightFile(100, 7);
  const [first = 0, last = 0] = offsets;
  const program = mlProgram({ file: WEIGHTS, offset: first }, { file: WEIGHTS, offset: last });

  test('are a version of 1 or more, and one model of field 200 or more', async () => {
    for (const version of [0, -1]) {
      assert.match(await findingsOf({ [FILE]: coreMl({ version }) }), /field 1 is not a version$/);
    }
    const of = (type: number): Files => ({ [FILE]: coreMl({ type }) });
    assert.match(await findingsOf(of(199)), /it has no model, which is a field of 200 or above$/);
    assert.equal(await findingsOf(of(200)), '');
  });

  test('are at most 1,000 fields', async () => {
    const padded = (count: number): Files => ({
      [FILE]: Buffer.concat([coreMl(), ...Array<Buffer>(count).fill(field(9, 1))]),
    });
    assert.equal(await findingsOf(padded(997)), '');
    assert.match(await findingsOf(padded(998)), /it has more than 1000 fields$/);
  });

  test('are 20 inputs and outputs, and a description', async () => {
    const features = Array.from({ length: 21 }, (_, index) => [
      doubleFeature(1, `i${index}`),
      doubleFeature(10, `o${index}`),
    ]);
    const description = [...features.flat(), message(100, field(2, '1.0'), field(1, 'Short')), message(50)];
    const { inspected } = await inspect({ [FILE]: coreMl({ description }) });
    assert.ok(inspected[0]?.kind === 'core-ml');
    const { inputs, outputs, description: text } = inspected[0].summary;
    assert.deepEqual([inputs.length, outputs.length, text], [20, 20, 'Short']);
    const { inspected: without } = await inspect({ [FILE]: coreMl({ description: [message(100, field(2, '1'))] }) });
    assert.ok(without[0]?.kind === 'core-ml');
    assert.deepEqual(without[0].summary, { specificationVersion: 1, type: 'identity', inputs: [], outputs: [] });
  });

  test('may have features without a type', async () => {
    const { inspected } = await inspect({ [FILE]: coreMl({ description: [message(1, field(1, 'x'))] }) });
    assert.ok(inspected[0]?.kind === 'core-ml');
    assert.deepEqual(inspected[0].summary.inputs, [{ name: 'x', type: 'unspecified' }]);
  });

  const changedWeights = (at: number, value: number): Buffer => {
    const copy = Buffer.from(weights);
    copy.writeUInt32LE(value, at);
    return copy;
  };

  test('are weights up to the last byte of their file', async () => {
    assert.equal(await findingsOf({ [FILE]: program, 'w.bin': weights }), '');
    assert.equal(await findingsOf({ [FILE]: program, 'w.bin': Buffer.concat([weights, Buffer.alloc(9)]) }), '');
    // Of another version of the file, only the start of the last record is known.
    const other = changedWeights(4, 3);
    assert.equal(await findingsOf({ [FILE]: program, 'w.bin': other.subarray(0, last + 64) }), '');
    assert.match(
      await findingsOf({ [FILE]: program, 'w.bin': other.subarray(0, last + 63) }),
      /weights should begin at byte/,
    );
    assert.match(
      await findingsOf({ [FILE]: program, 'w.bin': changedWeights(last, 7) }),
      /there are no weights at byte 256$/,
    );
  });

  test('are weights by the record that is last, in whatever order they are named', async () => {
    const reversed = mlProgram({ file: WEIGHTS, offset: last }, { file: WEIGHTS, offset: first });
    const cut = { 'w.bin': weights.subarray(0, -1) };
    for (const model of [program, reversed]) {
      assert.match(await findingsOf({ [FILE]: model, ...cut }), /its weights should end at byte 327/);
    }
  });

  test('are weights in a file that has a name', async () => {
    assert.match(
      await findingsOf({ [FILE]: mlProgram({ file: '', offset: 0 }) }),
      /has weights at byte \d+ that are in no file$/,
    );
  });

  test('may be arguments of operations with weights, and pipelines of classifiers', async () => {
    const blob = message(2, message(5, field(1, WEIGHTS), field(2, last)));
    const argument = mapEntry(2, 'x', message(1, blob));
    const operation = message(3, field(1, 'op'), argument);
    const content = [mapEntry(2, 'main', mapEntry(3, 'CoreML7', operation))];
    const model = coreMl({ type: 502, content });
    const missing = `${FILE}: is incomplete: its weights in w.bin are missing`;
    assert.equal(await findingsOf({ [FILE]: model }), missing);
    for (const type of [200, 201]) {
      const pipeline = coreMl({ type, content: [message(1, message(1, model))] });
      assert.equal(await findingsOf({ [FILE]: pipeline }), missing);
    }
  });
});
