import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Files } from '../../../support/inspection';
import { fixture, inspect } from '../../../support/inspection';
import { fetchModel, THIRD_PARTY_MODELS } from '../../../support/third-party-models';

/** Mutations of each file; together more than 20,000. */
const RUNS = 1_800;
/** Truncations of each file. */
const CUTS = 300;
/** The same mutations in every run, so that a failure is reproducible. */
const SEED = 20_261_125;

interface Specimen {
  readonly title: string;
  readonly exportFormatId: string;
  readonly files: Files;
  /** The file that is damaged. */
  readonly target: string;
}

const ofFixture = (exportFormatId: string, folder: string, ...targets: string[]): Specimen[] =>
  targets.map((target) => ({ title: `${folder}/${target}`, exportFormatId, files: fixture(folder), target }));

const FIXTURES: readonly Specimen[] = [
  ...ofFixture('tflite', 'image/tflite', 'model.tflite'),
  ...ofFixture('edgetpu-tflite', 'image/edgetpu-tflite', 'edgetpu_model.tflite'),
  ...ofFixture('tf-saved-model', 'image/tf-saved-model', 'saved_model.pb', 'variables/variables.index'),
  ...ofFixture('tf-saved-model', 'tabular-1', 'environment.json', 'predict/001/saved_model.pb'),
  ...ofFixture('tf-js', 'image/tf-js', 'model.json', 'group1-shard3of3.bin'),
  ...ofFixture('core-ml', 'image/core-ml', 'model.mlmodel'),
  ...ofFixture('custom-trained', 'tuned', 'model-00001-of-00002.safetensors', 'model.safetensors.index.json'),
  ...ofFixture('custom-trained', 'custom/artifact', 'model.joblib'),
];

/** Kinds of which the emulator has no files. */
const SMALL_MODELS = ['alex.pth', 'nmp.onnx', 'qbr_model.model'];
/** Mutations and truncations of each of these files, which are larger. */
const FEW = 200;

async function thirdParty(): Promise<Specimen[]> {
  const models = THIRD_PARTY_MODELS.filter(({ files }) => SMALL_MODELS.includes(files?.[0] ?? ''));
  assert.equal(models.length, SMALL_MODELS.length);
  return Promise.all(
    models.map(async (model): Promise<Specimen> => {
      const { folder, files } = await fetchModel(model);
      const [file = ''] = files;
      const content = readFileSync(path.join(folder, file));
      const target = model.family === 'xgboost' ? 'model.bst' : file;
      return { title: target, exportFormatId: 'custom-trained', files: { [target]: content }, target };
    }),
  );
}

type Mutation = (content: Buffer) => Buffer;

/** Numbers that are likely to break lengths and offsets. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (content: Buffer, share: number): number => Math.floor(share * content.length);

const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(([where, byte]): Mutation => (content) => {
    const mutated = Buffer.from(content);
    if (mutated.length > 0) mutated[at(content, where)] = byte;
    return mutated;
  }),
  fc.tuple(place, fc.constantFrom(...EDGES)).map(([where, edge]): Mutation => (content) => {
    const mutated = Buffer.from(content);
    const start = at(content, where);
    if (start + 4 <= mutated.length) mutated.writeUInt32LE(edge, start);
    return mutated;
  }),
  place.map(
    (where): Mutation =>
      (content) =>
        content.subarray(0, at(content, where)),
  ),
  fc.tuple(place, place).map(([from, to]): Mutation => (content) => {
    const [first, last] = [at(content, from), at(content, to)].sort((a, b) => a - b);
    return Buffer.concat([content.subarray(0, first), content.subarray(last)]);
  }),
  fc.tuple(place, fc.uint8Array({ maxLength: 64 })).map(([where, bytes]): Mutation => (content) => {
    const start = at(content, where);
    return Buffer.concat([content.subarray(0, start), bytes, content.subarray(start)]);
  }),
  fc.tuple(place, place, place).map(([from, to, where]): Mutation => (content) => {
    const mutated = Buffer.from(content);
    content.copy(mutated, at(content, where), at(content, from), at(content, to));
    return mutated;
  }),
);

function damaged({ files, target }: Specimen, mutate: Mutation): Files {
  return { ...files, [target]: mutate(Buffer.from(files[target] ?? '')) };
}

function mutationsOf(specimen: Specimen, numRuns = RUNS): Promise<void> {
  return fc.assert(
    fc.asyncProperty(fc.array(mutations, { minLength: 1, maxLength: 4 }), async (chosen) => {
      const files = damaged(specimen, (content) => chosen.reduce((mutated, mutate) => mutate(mutated), content));
      const { findings, reads } = await inspect(specimen.exportFormatId, files);
      // It ends, throws no error, and never reads beyond the end of the file.
      assert.ok(findings.every((finding) => finding.length > 0));
      assert.ok(reads.every(({ path: file, start, length }) => start + length <= Buffer.byteLength(files[file] ?? '')));
    }),
    { numRuns, seed: SEED },
  );
}

function truncationsOf(specimen: Specimen, numRuns = CUTS): Promise<void> {
  return fc.assert(
    fc.asyncProperty(place, async (where) => {
      // The listing reports an empty file, not the inspection. A text without its last line feed is complete.
      const cut = (content: Buffer): Buffer =>
        content.subarray(0, Math.max(1, Math.floor(where * content.toString('latin1').trimEnd().length)));
      const { findings } = await inspect(specimen.exportFormatId, damaged(specimen, cut));
      assert.notDeepEqual(findings, [], 'a file that was cut off is found');
    }),
    { numRuns, seed: SEED },
  );
}

suite('for a damaged file,', () => {
  for (const specimen of FIXTURES) {
    test(`the inspection of ${specimen.title} ends without a crash`, () => mutationsOf(specimen));
    test(`the inspection of ${specimen.title} reports that it was cut off`, () => truncationsOf(specimen));
  }
  test('the inspection of third-party kinds ends without a crash, and reports files that were cut off', async () => {
    for (const specimen of await thirdParty()) {
      await mutationsOf(specimen, FEW);
      await truncationsOf(specimen, FEW);
    }
  });
});
