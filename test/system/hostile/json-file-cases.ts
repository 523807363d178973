import type { FileCase } from './file-cases';
import { repeated, u64 } from './file-cases';

const MIB = 1024 * 1024;

/** A safetensors file with this header and this much data. */
function safetensors(header: string | Buffer, dataBytes = 0): Buffer {
  const json = Buffer.from(header);
  return Buffer.concat([u64(json.length), json, Buffer.alloc(dataBytes)]);
}

const tensor = (begin: number, end: number): string =>
  `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

const numbered = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(',');

const shard = safetensors(`{"a":${tensor(0, 4)}}`, 4);

const safetensorsCase = (title: string, file: FileCase['file'], more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `safetensors: ${title}`, format: 'custom-trained', path: 'model.safetensors', file },
  ...more,
});

const indexCase = (title: string, map: string, more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `safetensors index: ${title}`, format: 'custom-trained', path: 'model.safetensors.index.json' },
  ...{ file: Buffer.from(`{"weight_map":${map}}`), beside: { 'a.safetensors': shard } },
  ...more,
});

const tfjsCase = (title: string, json: string | Buffer, more: Partial<FileCase> = {}): FileCase => ({
  ...{ title: `TensorFlow.js: ${title}`, format: 'tf-js', path: 'model.json', file: Buffer.from(json) },
  ...{ beside: { one: Buffer.alloc(4) } },
  ...more,
});

const group = (paths: string, weights = '{"name":"w","shape":[1],"dtype":"float32"}'): string =>
  `{"modelTopology":{},"weightsManifest":[{"paths":[${paths}],"weights":[${weights}]}]}`;

export const JSON_FILE_CASES: readonly FileCase[] = [
  safetensorsCase(
    'a header of 100 MB',
    { bytes: 200_000_000, parts: [{ at: 0, content: u64(100_000_000) }], fill: 0x20 },
    {
      isAccepted: true,
      note: /was not fully inspected: its header has 100000000 bytes/,
    },
  ),
  safetensorsCase('a header of blanks', {
    bytes: 30 * MIB,
    parts: [{ at: 0, content: u64(30 * MIB - 8) }],
    fill: 0x20,
  }),
  safetensorsCase('a header of brackets', safetensors(repeated('[', MIB)), { finding: /is not an object/ }),
  safetensorsCase('nested a million levels deep', safetensors(`{"a":${'['.repeat(1_000_000)}`), {
    finding: /is not valid/,
  }),
  safetensorsCase('metadata nested deep', safetensors(`{"a":{"x":${'['.repeat(100_000)}`), {
    isAccepted: true,
    note: /nested deeper than 1000/,
  }),
  safetensorsCase('400,001 tensors', safetensors(`{${numbered(400_001, (index) => `"${index}":${tensor(0, 0)}`)}}`), {
    isAccepted: true,
    note: /was not fully inspected/,
  }),
  safetensorsCase('a name of 3 MB', safetensors(`{"${'n'.repeat(3 * MIB)}":${tensor(0, 1)}}`, 2), {
    finding: /its tensors end at 1, but the data has 2 bytes/,
  }),
  safetensorsCase('a name of 20 MB', safetensors(`{"${'n'.repeat(20 * MIB)}":${tensor(0, 1)}}`, 2), {
    isAccepted: true,
    note: /was not fully inspected/,
  }),
  safetensorsCase(
    'names with control and bidi characters',
    safetensors(`{"\\u202e\\u0007\\u2066x":${tensor(0, 1)}}`, 2),
  ),
  safetensorsCase('a name that is half a character', safetensors(`{"\\ud800":${tensor(1, 2)}}`, 2), {
    finding: /begins at 1, but should begin at 0/,
  }),
  safetensorsCase('the same tensor twice', safetensors(`{"a":${tensor(0, 4)},"a":${tensor(0, 4)}}`, 4), {
    finding: /the tensor a begins at 0, but should begin at 4/,
  }),
  safetensorsCase('a tensor called __proto__', safetensors(`{"__proto__":${tensor(0, 4)}}`, 4), { isAccepted: true }),
  safetensorsCase(
    'a type called constructor',
    safetensors(`{"a":{"dtype":"constructor","shape":[3],"data_offsets":[0,4]}}`, 4),
    {
      isAccepted: true,
    },
  ),
  safetensorsCase('a side of 1e308', safetensors(`{"a":{"dtype":"U8","shape":[1e308],"data_offsets":[0,4]}}`, 4), {
    finding: /the value of shape is not a number from 0 to 2\^53/,
  }),
  safetensorsCase(
    'sides whose product is infinite',
    safetensors(
      `{"a":{"dtype":"U8","shape":[${Array(40).fill(9_007_199_254_740_991).join(',')}],"data_offsets":[0,4]}}`,
      4,
    ),
    { finding: /do not fit its shape/ },
  ),
  safetensorsCase(
    'an infinite product with a side of 0',
    safetensors(
      `{"a":{"dtype":"U8","shape":[0,${Array(40).fill(9_007_199_254_740_991).join(',')}],"data_offsets":[0,0]}}`,
    ),
    { isAccepted: true },
  ),
  safetensorsCase(
    'a million sides',
    safetensors(`{"a":{"dtype":"U8","shape":[${'1,'.repeat(1_000_000)}1],"data_offsets":[0,1]}}`, 1),
    {
      isAccepted: true,
      note: /more than 64 dimensions/,
    },
  ),
  safetensorsCase('negative offsets', safetensors('{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}', 0), {
    finding: /the value of data_offsets is not a number/,
  }),
  safetensorsCase(
    'a number of a million digits',
    safetensors(`{"a":{"dtype":"U8","shape":[${'9'.repeat(1_000_000)}],"data_offsets":[0,1]}}`, 1),
    {
      finding: /is not JSON/,
    },
  ),
  safetensorsCase(
    'tensors in the reverse order of their places',
    safetensors(`{${numbered(100_000, (index) => `"${index}":${tensor(99_999 - index, 100_000 - index)}`)}}`, 100_000),
    { isAccepted: true },
  ),
  indexCase(
    '100,000 tensors in one shard that has one',
    `{${numbered(100_000, (index) => `"t${index}":"a.safetensors"`)}}`,
    {
      finding: /a\.safetensors lacks t0, t1, t2, t3, t4 and 99995 more/,
    },
  ),
  indexCase(
    '50,000 shards that are missing',
    `{${numbered(50_000, (index) => `"t${index}":"s${index}.safetensors"`)}}`,
    {
      finding: /and 49950 more findings/,
    },
  ),
  indexCase(
    '5,000 existing shards',
    `{${numbered(5_000, (index) => `"a":"${index}/../a.safetensors","t${index}":"s${index}"`)}}`,
    {
      beside: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`s${index}`, shard])),
    },
  ),
  indexCase('a shard name of 3 MB', `{"a":"${'s'.repeat(3_000_000)}"}`, { finding: /the shard s+…s+ is missing/ }),
  indexCase(
    'tensors called __proto__ and constructor',
    '{"__proto__":"a.safetensors","constructor":"a.safetensors","a":"a.safetensors"}',
    {
      finding: /a\.safetensors lacks __proto__, constructor$/,
    },
  ),
  indexCase('a shard called __proto__', '{"a":"__proto__"}', { finding: /the shard __proto__ is missing/ }),
  indexCase('a shard outside of the directory', '{"a":"../../other/a.safetensors"}', {
    path: 'x/y/model.safetensors.index.json',
    beside: { 'other/a.safetensors': shard },
    finding: /the shard \.\.\/\.\.\/other\/a\.safetensors is outside of the directory/,
  }),
  indexCase('lone surrogates', '{"\\udc00":"\\ud800.safetensors"}', {
    finding: /the shard \ufffd\.safetensors is missing/,
  }),
  indexCase('unknown members that are nested deep', `{},"x":${'{"y":'.repeat(100_000)}`, {
    isAccepted: true,
    note: /nested deeper than 1000/,
  }),
  tfjsCase('one shard 50,000 times', group(Array(50_000).fill('"one"').join(',')), {
    finding: /^model\.json: one, one, one, one, one and 49995 more have 200000 bytes, but their weights need 4$/m,
  }),
  tfjsCase('50,000 missing shards', group(numbered(50_000, (index) => `"s${index}"`)), {
    finding: /and 49950 more findings/,
  }),
  tfjsCase('a shard name of 1 MB', group(`"${'s'.repeat(MIB)}"`), { finding: /the shard s+…s+ is missing/ }),
  tfjsCase(
    'a topology that is not JSON',
    `{"modelTopology":{"x":${'[],'.repeat(3)}${'['.repeat(900)}${']'.repeat(900)}}}`,
    {
      finding: /is not JSON/,
    },
  ),
  tfjsCase(
    'a deep topology',
    `{"modelTopology":{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}},"weightsManifest":[]}`,
    {
      isAccepted: true,
      note: /nested deeper than 1000/,
    },
  ),
  tfjsCase(
    '500,000 groups',
    `{"modelTopology":{},"weightsManifest":[${Array(200_000).fill('{"paths":["one"],"weights":[]}').join(',')}]}`,
  ),
  tfjsCase('a type called toString', group('"one"', '{"name":"w","shape":[1],"dtype":"toString"}'), {
    isAccepted: true,
    note: /can't be computed/,
  }),
  tfjsCase('a duplicate manifest', `{"weightsManifest":[{"paths":["no"],"weights":[]}],${group('"one"').slice(1)}`),
  {
    title: 'environment.json: nested deep',
    ...{
      format: 'tf-saved-model',
      path: 'environment.json',
      beside: { 'predict/001/saved_model.pb': Buffer.from('x') },
    },
    file: Buffer.from(`{"x":${'{"y":'.repeat(200_000)}1${'}'.repeat(200_000)}}`),
    note: /nested deeper than 1000/,
  },
  {
    title: 'environment.json: 40 MB',
    ...{
      format: 'tf-saved-model',
      path: 'environment.json',
      beside: { 'predict/001/saved_model.pb': Buffer.from('x') },
    },
    file: { bytes: 40 * MIB, parts: [{ at: 0, content: Buffer.from('{"container_uri":"') }], fill: 0x61 },
    note: /was not fully inspected/,
  },
  {
    title: 'environment.json: an image of 3 MB of control characters',
    ...{
      format: 'tf-saved-model',
      path: 'environment.json',
      beside: { 'predict/001/saved_model.pb': Buffer.from('x') },
    },
    file: Buffer.from(`{"container_uri":"${'\\u0007'.repeat(500_000)}"}`),
  },
  {
    title: 'labels: one line of 100 MB',
    ...{ format: 'tflite', path: 'labels.txt', file: { bytes: 100_000_000, parts: [], fill: 0x61 } },
    ...{ isAccepted: true, note: /was not fully inspected/ },
  },
  {
    title: 'labels: 8 million lines',
    ...{ format: 'tflite', path: 'labels.txt', file: repeated('\n', 8 * MIB), isAccepted: true },
  },
];
