import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspectCoreMl } from '../../../../src/verification/formats/core-ml/core-ml';
import { inspectOnnx } from '../../../../src/verification/formats/onnx/onnx';
import { inspectSavedModel } from '../../../../src/verification/formats/tensorflow/saved-model';
import { dataTypeOf } from '../../../../src/verification/formats/tensorflow/schema';
import { BUFFER, elementType, TENSOR } from '../../../../src/verification/formats/tflite/schema';
import { inspectTflite } from '../../../../src/verification/formats/tflite/tflite';
import { arrayFeature, coreMl } from '../../../support/core-ml';
import type { Files, SeenInspection } from '../../../support/inspection';
import { inspectWith } from '../../../support/inspection';
import { onnxModel, tensor, value } from '../../../support/onnx';
import { field, message } from '../../../support/protobuf';
import { savedModel, variablesIndex } from '../../../support/saved-model';
import { tfliteModel } from '../../../support/tflite';

const inspect = (files: Files): Promise<SeenInspection> =>
  inspectWith(
    [
      { pattern: /\.onnx$/, inspect: inspectOnnx },
      { pattern: /\.tflite$/, inspect: inspectTflite },
      { pattern: /\.mlmodel$/, inspect: inspectCoreMl },
      { pattern: /saved_model\.pb$/, inspect: inspectSavedModel },
    ],
    files,
  );

/** The types of a format in the order of their numbers, as `name bits`; types of no fixed size have no bits. */
function typesOf(text: string): { name: string; bits: number | undefined }[] {
  return text
    .trim()
    .split(/\s*,\s*/)
    .map((type) => {
      const [name = '', bits] = type.split(' ');
      return { name, bits: bits === undefined ? undefined : Number(bits) };
    });
}

/** Elements whose bits fill whole bytes, whatever the type. */
const ELEMENTS = 4;

suite('The element types of ONNX', () => {
  const types = typesOf(`
    float32 32, uint8 8, int8 8, uint16 16, int16 16, int32 32, int64 64, string, bool 8, float16 16, float64 64,
    uint32 32, uint64 64, complex64 64, complex128 128, bfloat16 16, float8_e4m3fn 8, float8_e4m3fnuz 8,
    float8_e5m2 8, float8_e5m2fnuz 8, uint4 4, int4 4, float4_e2m1 4, float8_e8m0 8, uint2 2, int2 2`);
  types.forEach(({ name, bits }, index) => {
    test(`have ${name} at ${index + 1}, and constants of that size`, async () => {
      const type = index + 1;
      const of = (bytes: number): Files => ({
        'm.onnx': onnxModel({
          inputs: [value('x', [2], type)],
          initializers: [tensor({ name: 'w', dims: [ELEMENTS], type, raw: Buffer.alloc(bytes) })],
        }),
      });
      const bytes = ((bits ?? 8) * ELEMENTS) / 8;
      const { findings, inspected } = await inspect(of(bytes));
      assert.deepEqual(findings, []);
      assert.ok(inspected[0]?.kind === 'onnx');
      assert.deepEqual(inspected[0].summary.inputs, [{ name: 'x', type: name, shape: [2] }]);
      const other = (await inspect(of(bytes + 1))).findings;
      assert.deepEqual(
        other,
        bits === undefined
          ? []
          : [`m.onnx: the tensor w has ${bytes + 1} bytes, which do not fit its shape [${ELEMENTS}] of ${name}`],
      );
    });
  });

  test('that are not known are shown by their number', async () => {
    const { inspected } = await inspect({ 'm.onnx': onnxModel({ inputs: [value('x', [2], 99)] }) });
    assert.match(JSON.stringify(inspected), /"inputs":\[{"name":"x","type":"type 99","shape":\[2\]}\]/);
  });
});

suite('The element types of TensorFlow', () => {
  const types = typesOf(`
    unspecified, float32 32, float64 64, int32 32, uint8 8, int16 16, int8 8, string, complex64 64, int64 64, bool 8,
    qint8 8, quint8 8, qint32 32, bfloat16 16, qint16 16, quint16 16, uint16 16, complex128 128, float16 16, resource,
    variant, uint32 32, uint64 64, float8_e5m2 8, float8_e4m3fn 8`);
  types.forEach(({ name, bits }, number) => {
    test(`have ${name} at ${number}, with its bytes`, () => {
      const bytes = bits === undefined ? {} : { bytes: bits / 8 };
      assert.deepEqual(dataTypeOf(number), { name, ...bytes });
      if (number > 0) assert.deepEqual(dataTypeOf(number + 100), { name, ...bytes });
    });
  });

  test('that are not known are shown by their number', () => {
    assert.deepEqual(
      [dataTypeOf(100), dataTypeOf(26), dataTypeOf(126)].map(({ name }) => name),
      [...['type 100', 'type 26', 'type 126']],
    );
  });
});

suite('The element types of TensorFlow Lite', () => {
  const types = typesOf(`
    float32 32, float16 16, int32 32, uint8 8, int64 64, string, bool 8, int16 16, complex64 64, int8 8, float64 64,
    complex128 128, uint64 64, resource, variant, uint32 32, uint16 16, int4 4, bfloat16 16, int2 2, uint4 4,
    float8_e4m3fn 8, float8_e5m2 8`);
  types.forEach(({ name, bits }, number) => {
    test(`have ${name} at ${number}, and constants of that size`, async () => {
      assert.deepEqual(elementType(number), { name, ...(bits !== undefined && { bits }) });
      const bytes = ((bits ?? 8) * ELEMENTS) / 8;
      const of = (length: number): Files => ({
        'm.tflite': tfliteModel({
          constant: { [TENSOR.shape]: { ints: [ELEMENTS] }, [TENSOR.type]: { i8: number } },
          buffers: [{ [BUFFER.data]: Buffer.alloc(length) }],
        }),
      });
      assert.deepEqual((await inspect(of(bytes))).findings, []);
      if (bits !== undefined && bytes > 1) assert.equal((await inspect(of(bytes - 1))).findings.length, 1);
    });
  });

  test('that are not known are shown by their number', () => {
    assert.deepEqual(elementType(23), { name: 'type 23' });
  });
});

suite('The types of Core ML', () => {
  const summaryOf = async (
    file: Buffer,
  ): Promise<Extract<SeenInspection['inspected'][number], { kind: 'core-ml' }>['summary']> => {
    const { findings, inspected } = await inspect({ 'm.mlmodel': file });
    assert.deepEqual(findings, []);
    assert.ok(inspected[0]?.kind === 'core-ml');
    return inspected[0].summary;
  };

  const arrays = { 65552: 'float16', 65568: 'float32', 65600: 'float64', 131080: 'int8', 131104: 'int32', 7: 'type 7' };
  const spaces = { 10: 'image grayscale', 20: 'image RGB', 30: 'image BGR', 40: 'image grayscale float16', 5: 'image' };
  const simple = { 1: 'int64', 2: 'float64', 3: 'string', 6: 'dictionary', 7: 'sequence' };

  test('of features are shown by their names', async () => {
    const image = (space: string): Buffer =>
      message(1, field(1, 'x'), message(3, message(4, field(1, 2), field(2, 3), field(3, Number(space)))));
    const description = [
      ...Object.keys(arrays).map((type) => arrayFeature(1, 'x', field(2, Number(type)))),
      ...Object.keys(spaces).map(image),
      ...Object.keys(simple).map((type) => message(1, field(1, 'x'), message(3, message(Number(type))))),
    ];
    const { inputs } = await summaryOf(coreMl({ description }));
    assert.deepEqual(
      inputs.map(({ type }) => type),
      [...Object.values(arrays), ...Object.values(spaces), ...Object.values(simple)],
    );
  });

  test('of images have the shapes that they may have', async () => {
    const sized = (width: number, height: number): Buffer => Buffer.concat([field(1, width), field(2, height)]);
    const image = (...fields: readonly Buffer[]): Buffer =>
      message(1, field(1, 'x'), message(3, message(4, ...fields)));
    const range = (lower: number, upper: number): Buffer => Buffer.concat([field(1, lower), field(2, upper)]);
    const { inputs } = await summaryOf(
      coreMl({
        description: [
          image(sized(2, 3), message(21, message(1, sized(2, 3)), message(1, sized(2, 4)))),
          image(sized(2, 3), message(21, message(1, sized(2, 3)))),
          image(sized(2, 3), message(31, message(1, range(2, 5)), message(2, range(3, 3)))),
          image(sized(2, 3), message(31, message(1, range(2, 2)), message(2, range(3, 3)))),
          // A range of one side does not limit the other one.
          image(sized(2, 3), message(31, message(2, range(3, 3)))),
        ],
      }),
    );
    assert.deepEqual(
      inputs.map(({ shape }) => shape),
      [[-1, 2], [3, 2], [3, -1], [3, 2], undefined],
    );
  });

  test('of arrays have the shapes that they may have', async () => {
    const range = (lower: number, upper: number): Buffer => message(1, field(1, lower), field(2, upper));
    const { inputs } = await summaryOf(
      coreMl({
        description: [
          arrayFeature(1, 'x', field(1, 2), field(1, 3)),
          arrayFeature(1, 'x'),
          arrayFeature(1, 'x', message(31, range(1, 1), range(1, -1))),
          arrayFeature(1, 'x', field(1, 2), field(1, 3), message(31, range(2, 2), range(3, 8))),
          arrayFeature(1, 'x', field(1, 2), field(1, 3), message(31, range(2, 2))),
          arrayFeature(1, 'x', message(21, message(1, field(1, 4)), message(1, field(1, 4)))),
        ],
      }),
    );
    assert.deepEqual(
      inputs.map(({ shape }) => shape),
      [[2, 3], undefined, [1, -1], [2, -1], undefined, [4]],
    );
  });

  const MODELS = `200 pipelineClassifier, 201 pipelineRegressor, 202 pipeline, 300 glmRegressor,
    301 supportVectorRegressor, 302 treeEnsembleRegressor, 303 neuralNetworkRegressor, 304 bayesianProbitRegressor,
    400 glmClassifier, 401 supportVectorClassifier, 402 treeEnsembleClassifier, 403 neuralNetworkClassifier,
    404 kNearestNeighborsClassifier, 500 neuralNetwork, 501 itemSimilarityRecommender, 502 mlProgram, 555 customModel,
    556 linkedModel, 560 classConfidenceThresholding, 600 oneHotEncoder, 601 imputer, 602 featureVectorizer,
    603 dictVectorizer, 604 scaler, 606 categoricalMapping, 607 normalizer, 609 arrayFeatureExtractor,
    610 nonMaximumSuppression, 900 identity, 2000 textClassifier, 2001 wordTagger, 2002 visionFeaturePrint,
    2003 soundAnalysisPreprocessing, 2004 gazetteer, 2005 wordEmbedding, 2006 audioFeaturePrint, 3000 serializedModel`;
  test('of models are shown by their names', async () => {
    for (const row of MODELS.split(/,\s*/)) {
      const [number, name] = row.trim().split(' ');
      assert.equal((await summaryOf(coreMl({ type: Number(number) }))).type, name);
    }
  });
});

suite('The index of the variables of a SavedModel', () => {
  const SHARD = 'variables/variables.data-00000-of-00001';
  const inspectIndex = (variables: readonly { key: string; shape: number[]; size?: number }[], bytes: number) =>
    inspect({
      'saved_model.pb': savedModel({ restores: true }),
      'variables/variables.index': variablesIndex({ variables }),
      [SHARD]: Buffer.alloc(bytes),
    });

  test('does not count its own entries and the parts of tensors as tensors', async () => {
    const { findings, inspected } = await inspectIndex(
      [
        { key: '\0part', shape: [1] },
        { key: '_CHECKPOINTABLE_OBJECT_GRAPH', shape: [1] },
        { key: 'a', shape: [1] },
      ],
      4,
    );
    assert.deepEqual(findings, []);
    assert.ok(inspected[0]?.kind === 'saved-model');
    assert.deepEqual(inspected[0].summary.variables, { tensors: 1, shards: 1, bytes: 4 });
  });
});
