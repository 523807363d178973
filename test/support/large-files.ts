import { coreMl } from './core-ml';
import { onnxModel, tensor } from './onnx';
import { int, list, pickle } from './pickle';
import { field, mapEntry, message, varint } from './protobuf';
import { variablesIndex } from './saved-model';
import { tfliteModel } from './tflite';
import { ubjson } from './xgboost';
import { zipArchive } from './zip';
import { BUFFER, OPERATOR, SUBGRAPH, TENSOR } from '../../src/verification/formats/tflite/schema';
import type { ArtifactFile } from '../../src/verification/artifact-file';

/** Valid exports of the largest realistic sizes. Most bytes of files with gigabytes are generated when they are read. */

/** The content at the start and at the end of a file, with zeros between them. */
export interface LargeFile {
  readonly start: Buffer;
  readonly zeros?: number;
  readonly end?: Buffer;
}

export interface LargeExport {
  readonly title: string;
  readonly format: string;
  readonly files: () => Readonly<Record<string, LargeFile>>;
}

/** The file as an export has it; `onRead` is called with the bytes of each read. */
export function largeArtifact(
  path: string,
  { start, zeros = 0, end = Buffer.alloc(0) }: LargeFile,
  onRead: (bytes: number) => void = () => undefined,
): ArtifactFile {
  const endAt = start.length + zeros;
  return {
    path,
    bytes: endAt + end.length,
    generation: '1',
    read: (from, length) => {
      onRead(length);
      const bytes = Buffer.alloc(length);
      if (from < start.length) start.copy(bytes, 0, from, Math.min(start.length, from + length));
      if (from + length > endAt) {
        const first = Math.max(from, endAt);
        end.copy(bytes, first - from, first - endAt, from + length - endAt);
      }
      return Promise.resolve(bytes);
    },
  };
}

const TENSOR_BYTES = 16;

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** An index of this many tensors, and the only shard, with all of them. */
function indexed(count: number): Readonly<Record<string, LargeFile>> {
  const shard = 'model-00001-of-00001.safetensors';
  const names = Array.from({ length: count }, (_, index) => `model.layers.${index}.self_attn.q_proj.weight`);
  const map = names.map((name) => `"${name}":"${shard}"`).join(',');
  const header = names.map(
    (name, index) =>
      `"${name}":{"dtype":"BF16","shape":[4,2],"data_offsets":[${index * TENSOR_BYTES},${(index + 1) * TENSOR_BYTES}]}`,
  );
  const json = Buffer.from(`{${header.join(',')}}`);
  return {
    'model.safetensors.index.json': { start: Buffer.from(`{"metadata":{"total_size":1},"weight_map":{${map}}}`) },
    [shard]: { start: Buffer.concat([u64(json.length), json]), zeros: count * TENSOR_BYTES },
  };
}

function largeGraph(bytes: number): Readonly<Record<string, LargeFile>> {
  const before = Buffer.concat([message(1, field(4, 'serve'), field(5, '2.15.1')), Buffer.from([0x12]), varint(bytes)]);
  const signature = mapEntry(5, 'serving_default', mapEntry(2, 'y', field(1, 'y:0'), field(2, 1)));
  const end = Buffer.concat([message(3, field(1, 'save/Const:0'), field(3, 'save/restore_all')), signature]);
  const length = varint(before.length + bytes + end.length);
  const variables = Array.from({ length: 50_000 }, (_, index) => ({
    key: `layer/${index}/kernel`,
    shape: [2],
    offset: index * 8,
  }));
  return {
    'saved_model.pb': { start: Buffer.concat([field(1, 1), Buffer.from([0x12]), length, before]), zeros: bytes, end },
    'variables/variables.index': { start: variablesIndex({ variables }) },
    'variables/variables.data-00000-of-00001': { start: Buffer.alloc(0), zeros: 400_000 },
  };
}

function largeTflite(): Buffer {
  const count = 5_000;
  const tensors = Array.from({ length: count }, (_, index) => ({
    [TENSOR.shape]: { ints: [2] },
    [TENSOR.buffer]: { u32: index + 1 },
    [TENSOR.name]: `tensor ${index}`,
  }));
  const operators = Array.from({ length: count }, (_, index) => ({ [OPERATOR.inputs]: { ints: [index] } }));
  return tfliteModel({
    subgraph: { [SUBGRAPH.tensors]: { tables: tensors }, [SUBGRAPH.operators]: { tables: operators } },
    buffers: Array.from({ length: count }, () => ({ [BUFFER.data]: Buffer.alloc(8) })),
  });
}

const one = (path: string, content: () => Buffer) => (): Readonly<Record<string, LargeFile>> => ({
  [path]: { start: content() },
});

const tfjsWeights = (count: number): string =>
  Array.from({ length: count }, (_, index) => `{"name":"w${index}","shape":[2,2],"dtype":"float32"}`).join(',');

export const LARGE_EXPORTS: readonly LargeExport[] = [
  { title: 'safetensors index of 100,000 tensors', format: 'custom-trained', files: () => indexed(100_000) },
  { title: 'safetensors index of 20,000 tensors', format: 'custom-trained', files: () => indexed(20_000) },
  { title: 'SavedModel with 100 MB of graph', format: 'tf-saved-model', files: () => largeGraph(100_000_000) },
  {
    title: 'TensorFlow.js model of 50,000 weights',
    format: 'tf-js',
    files: () => ({
      'model.json': {
        start: Buffer.from(
          `{"modelTopology":{"layers":[${Array<string>(50_000).fill('{"class_name":"Dense","config":{"units":2}}').join(',')}]},` +
            `"weightsManifest":[{"paths":["w.bin"],"weights":[${tfjsWeights(50_000)}]}]}`,
        ),
      },
      'w.bin': { start: Buffer.alloc(0), zeros: 800_000 },
    }),
  },
  { title: 'TensorFlow Lite model of 5,000 operators', format: 'tflite', files: one('model.tflite', largeTflite) },
  {
    title: 'Core ML program of 900 KB',
    format: 'core-ml',
    files: one('model.mlmodel', () =>
      coreMl({
        type: 502,
        content: [
          mapEntry(
            2,
            'main',
            mapEntry(
              3,
              'CoreML7',
              ...Array<Buffer>(40_000).fill(message(3, field(1, 'const'), field(9, 'attributes'))),
            ),
          ),
        ],
      }),
    ),
  },
  {
    title: 'ONNX model of 20,000 nodes and 5,000 constants',
    format: 'custom-trained',
    files: one('model.onnx', () =>
      onnxModel({
        nodes: 20_000,
        initializers: Array.from({ length: 5_000 }, (_, index) =>
          tensor({ name: `c${index}`, dims: [4], raw: Buffer.alloc(16) }),
        ),
      }),
    ),
  },
  {
    title: 'PyTorch archive of 50,000 entries',
    format: 'custom-trained',
    files: one('model.pt', () =>
      zipArchive([
        { name: 'm/data.pkl', content: pickle(list(...Array.from({ length: 20_000 }, (_, index) => int(index)))) },
        ...Array.from({ length: 50_000 }, (_, index) => ({ name: `m/data/${index}`, content: '' })),
      ]),
    ),
  },
  {
    title: 'pickle of 180,000 numbers',
    format: 'custom-trained',
    files: one('model.pkl', () => pickle(list(...Array.from({ length: 90_000 }, (_, index) => int(index))))),
  },
  {
    title: 'XGBoost model of 900 KB in UBJSON',
    format: 'custom-trained',
    files: one('model.bst', () => ubjson({ learner: { trees: Array<string>(80_000).fill('t') }, version: [2, 1, 4] })),
  },
  {
    title: 'labels of 1,000,000 lines',
    format: 'tflite',
    files: one('labels.txt', () => Buffer.alloc(6_000_000, 'label\n')),
  },
];
