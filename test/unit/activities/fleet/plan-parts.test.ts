import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { planExports } from '../../../../src/activities/fleet/plan-exports';
import type { PlanExportsRequest, PlannedExports } from '../../../../src/contract/fleet-activities';
import { jsonBytes } from '../../../../src/contract/fleet-limits';
import type { FleetSource } from '../../../../src/contract/fleet-state';
import type { ListModelsRequest, VertexModel } from '../../../../src/google/vertex';
import { activityEnvironment } from '../../../support/activities';
import { refusal, vertexWith } from '../../../support/export-steps';

const PARENT = 'projects/demo-project/locations/us-central1';
const nameOf = (id: number): string => `${PARENT}/models/${id}`;
const defaults = { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports/fleet' } } };

/** A Model with formats: `image` has no artifacts, and `not an id` is not a valid id. */
function modelOf(id: number, formats: readonly string[], changes: Partial<VertexModel> = {}): VertexModel {
  return {
    name: `projects/42/locations/us-central1/models/${id}@3`,
    versionId: '3',
    versionAliases: [],
    displayName: '',
    supportedExportFormats: formats.map((format) => ({
      id: format,
      exportableContents: format === 'image' ? ['IMAGE'] : ['ARTIFACT'],
    })),
    ...changes,
  };
}

interface Situation {
  readonly source: FleetSource;
  readonly models?: readonly VertexModel[];
  readonly nextPageToken?: string;
  readonly changes?: Partial<PlanExportsRequest>;
}

async function plan({ source, models = [], nextPageToken = '', changes }: Situation) {
  const pages: ListModelsRequest[] = [];
  const { vertex } = vertexWith(() => [], {
    getModel: (name) => {
      const model = models.find((one) => name === nameOf(Number(/models\/(\d+)/.exec(one.name)?.[1])));
      return model ? Promise.resolve({ model, serviceTime: new Date() }) : Promise.reject(refusal('NOT_FOUND', 404));
    },
    listModels: (page) => {
      pages.push(page);
      return Promise.resolve({ models: [...models], nextPageToken });
    },
  });
  const request: PlanExportsRequest = { fleet: 'fleet', childIds: 'bounded', defaults, source, ...changes };
  const result: PlannedExports = await activityEnvironment().run(() => planExports({ vertex }, request));
  const exports = result.planned.map(({ input }) =>
    [input.name.replace(`${PARENT}/models/`, ''), input.outputConfig.exportFormatId].filter(Boolean).join(' '),
  );
  return { ...result, exports, pages };
}

suite('a part of the plan of a fleet', () => {
  test('has listed exports with the defaults, and workflow ids of the fleet', async () => {
    const source = { exports: [{ name: nameOf(1), outputConfig: { exportFormatId: 'tflite' } }] };
    const { planned, failed, skipped } = await plan({ source });
    const input = { name: nameOf(1), outputConfig: { ...defaults.outputConfig, exportFormatId: 'tflite' } };
    assert.deepEqual(
      planned.map((one) => one.input),
      [input],
    );
    assert.match(planned[0]?.workflowId ?? '', /^fleet-1-default-tflite-[0-9a-f]{12}$/);
    assert.deepEqual([failed, skipped], [[], 0]);
  });

  test('has the workflow ids of earlier versions for runs that began with one', async () => {
    const request = { fleet: 'fleet', defaults, source: { exports: [{ name: nameOf(1) }] } };
    const { vertex } = vertexWith(() => []);
    const { planned }: PlannedExports = await activityEnvironment().run(() => planExports({ vertex }, request));
    assert.match(planned[0]?.workflowId ?? '', /^fleet-export-1-auto-[0-9a-f]{12}$/);
  });

  for (const [title, formats, exports] of [
    ['without formats', undefined, ['1', '2']],
    ['with formats, each once', ['a', 'b', 'a'], ['1 a', '1 b', '2 a', '2 b']],
    ['with all formats that can be written as artifacts', 'all', ['1@3 a', '1@3 b', '2@3 a']],
  ] as const) {
    test(`has the exports of listed Models ${title}`, async () => {
      const models = [modelOf(1, ['a', 'image', 'b', 'not an id']), modelOf(2, ['a'])];
      const source = { models: [nameOf(1), nameOf(2)], ...(formats && { formats }) };
      assert.deepEqual((await plan({ source, models })).exports, exports);
    });
  }

  for (const [formats, type, message] of [
    [['image', 'image'], 'DestinationMismatch', /models\/1 has no format with ARTIFACT; it supports: image, image/],
    [[], 'NotExportable', /models\/1 is not exportable — The Model has no supportedExportFormats/],
  ] as const) {
    test(`reports a Model of which all of ${formats.length} formats can't be exported`, async () => {
      const models = [modelOf(1, formats), modelOf(2, ['a'])];
      const { exports, failed } = await plan({ source: { models: [nameOf(1), nameOf(2)], formats: 'all' }, models });
      assert.deepEqual(exports, ['2@3 a']);
      assert.deepEqual([failed[0]?.model, failed[0]?.failure?.type], [nameOf(1), `ExportError.${type}`]);
      assert.match(failed[0]?.failure?.message ?? '', message);
    });
  }

  test('ends at its size, and the rest begins after the last export; nothing is planned twice or left out', async () => {
    const models = [modelOf(1, ['a', 'b', 'c']), modelOf(2, ['a', 'b'])];
    const whole = ['1@3 a', '1@3 b', '1@3 c', '2@3 a', '2@3 b'];
    const first = { models: [nameOf(1), nameOf(2)], formats: 'all' } as const;
    const one = jsonBytes((await plan({ source: first, models })).planned[0]);
    for (const [maxBytes, sizes] of [
      [1, [1, 1, 1, 1, 1]],
      [2 * one, [2, 2, 1]],
      [3 * one, [3, 2]],
      [5 * one - 1, [4, 1]],
      [5 * one, [5]],
    ] as const) {
      const parts: string[][] = [];
      for (let source: FleetSource | undefined = first; source !== undefined;) {
        const part: PlannedExports & { exports: string[] } = await plan({ source, models, changes: { maxBytes } });
        parts.push(part.exports);
        source = part.rest;
      }
      assert.deepEqual([parts.map(({ length }) => length), parts.flat()], [sizes, whole], String(maxBytes));
    }
  });
});

suite('a page of the plan of a parent', () => {
  const source = { parent: PARENT, filter: 'labels.a=b', pageToken: 'page' };

  test('names the Models by the parent, skips those without a format, and has the next page', async () => {
    const models = [modelOf(1, ['a']), modelOf(2, ['image']), modelOf(3, ['b', 'a'])];
    const { exports, skipped, nextPageToken, pages } = await plan({
      source: { ...source, formats: ['a'] },
      models,
      nextPageToken: 'next',
    });
    assert.deepEqual([exports, skipped, nextPageToken], [['1@3 a', '3@3 a'], 1, 'next']);
    assert.deepEqual(pages, [{ ...source, pageSize: 100 }]);
  });

  test('lets each export select its format if none is requested', async () => {
    const { exports, ...rest } = await plan({ source, models: [modelOf(1, ['a', 'b'])] });
    assert.deepEqual([exports, 'nextPageToken' in rest], [['1@3'], false]);
  });

  test('ends at its size, and the rest begins after the last export', async () => {
    const models = [modelOf(1, ['a', 'b']), modelOf(2, ['a', 'b'])];
    const parts: string[] = [];
    const first: FleetSource = { ...source, formats: 'all' };
    for (let next: FleetSource | undefined = first; next !== undefined;) {
      const part: PlannedExports & { exports: string[] } = await plan({
        source: next,
        models,
        nextPageToken: 'next',
        changes: { maxBytes: 1 },
      });
      assert.equal(part.nextPageToken, part.rest ? undefined : 'next');
      parts.push(part.exports.join());
      next = part.rest;
    }
    assert.deepEqual(parts, ['1@3 a', '1@3 b', '2@3 a', '2@3 b']);
  });

  test('is planned completely if its last planned Model is no longer listed', async () => {
    const after = { model: nameOf(9), exportFormatId: 'a' };
    const { exports } = await plan({ source: { ...source, after }, models: [modelOf(1, ['a']), modelOf(2, ['a'])] });
    assert.deepEqual(exports, ['1@3', '2@3']);
  });

  test('has as many Models as are expected to fit', async () => {
    const each = jsonBytes(defaults) + 500;
    for (const [formats, maxBytes, pageSize] of [
      [undefined, 3 * each, 3],
      [['a', 'b'], 6 * each, 3],
      ['all', 12 * each, 3],
      ['all', 12 * each - 1, 2],
      [undefined, 1, 1],
      [undefined, 1_000 * each, 100],
    ] as const) {
      const { pages } = await plan({ source: { ...source, ...(formats && { formats }) }, changes: { maxBytes } });
      assert.equal(pages[0]?.pageSize, pageSize, `${String(formats)} ${maxBytes}`);
    }
  });
});
