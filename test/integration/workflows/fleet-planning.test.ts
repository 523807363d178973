import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import type { ExportDefaults } from '../../../src';
import { ExportFailureType } from '../../../src';
import type { PlannedExports } from '../../../src/contract/fleet-activities';
import type { FleetSource, PlannedExport } from '../../../src/contract/fleet-state';
import { jsonBytes } from '../../../src/contract/fleet-limits';
import { parseModelName } from '../../../src/contract/resource-names';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel, PARENT } from '../../support/models';
import { useGoogleServices } from '../../support/services';
import { ARTIFACTS } from '../../support/worker';

const services = useGoogleServices();
const DEFAULTS: ExportDefaults = { outputConfig: ARTIFACTS };

beforeEach(() => {
  services().vertex.clearFaults();
});

function plan(source: FleetSource, maxBytes?: number): Promise<PlannedExports> {
  const { planExports } = activitiesOf(services());
  const limit = maxBytes === undefined ? {} : { maxBytes };
  return run(planExports, { source, fleet: 'fleet', defaults: DEFAULTS, childIds: 'bounded', ...limit });
}

/** Plans a whole source in parts, as a fleet does. */
async function planAll(source: FleetSource, maxBytes: number): Promise<{ planned: PlannedExport[]; answers: number }> {
  const planned: PlannedExport[] = [];
  let answers = 0;
  for (let left: FleetSource | undefined = source; left !== undefined; answers += 1) {
    const answer: PlannedExports = await plan(left, maxBytes);
    assert.ok(answer.planned.length <= 1 || jsonBytes(answer.planned) <= maxBytes + 100);
    planned.push(...answer.planned);
    const { nextPageToken, rest } = answer;
    left = rest ?? (nextPageToken === undefined ? undefined : { ...source, parent: PARENT, pageToken: nextPageToken });
  }
  return { planned, answers };
}

function idsOf(planned: readonly PlannedExport[]): string[] {
  return planned.map(({ workflowId }) => workflowId);
}

const FORMATS = Object.fromEntries(['tflite', 'core-ml', 'tf-js', 'onnx'].map((id) => [id, { file: 'x' }]));

suite('a plan that does not fit into one activity result', () => {
  test('continues within a Model, and has each format of each Model once', async () => {
    const models = [1, 2, 3].map(() => addModel(services().vertex, { formats: FORMATS }));
    const whole = await plan({ models, formats: 'all' });
    assert.equal(whole.planned.length, 12);
    for (const maxBytes of [1, 700, 1_500, 100_000]) {
      const { planned, answers } = await planAll({ models, formats: 'all' }, maxBytes);
      assert.deepEqual(idsOf(planned), idsOf(whole.planned), `${maxBytes} bytes`);
      assert.ok(maxBytes > 10_000 || answers > 1, `${answers} answers of ${maxBytes} bytes`);
    }
  });

  test('continues within the named formats of a list of Models, even if two names refer to one Model', async () => {
    const models = [`${PARENT}/models/1`, `${PARENT}/models/1@2`, `${PARENT}/models/2`];
    const formats = ['a', 'b', 'c'];
    const whole = await plan({ models, formats });
    const { planned } = await planAll({ models, formats }, 600);
    assert.deepEqual(idsOf(planned), idsOf(whole.planned));
    assert.equal(planned.length, 9);
  });

  test('continues within a page of the Models of a location', async () => {
    for (let index = 0; index < 7; index += 1) addModel(services().vertex, { formats: FORMATS });
    const source = { parent: PARENT, formats: 'all' } as const;
    const whole = await plan(source);
    for (const maxBytes of [600, 2_500]) {
      const { planned } = await planAll(source, maxBytes);
      assert.deepEqual(new Set(idsOf(planned)), new Set(idsOf(whole.planned)), `${maxBytes} bytes`);
      assert.equal(planned.length, whole.planned.length);
    }
  });
});

suite('a list of Models with invalid answers', () => {
  function answer(body: unknown): void {
    const match = { method: 'GET', path: '/locations/us-central1/models$' };
    services().vertex.addFault({ match, fault: { status: 200, body } });
  }

  const ARTIFACT = { exportableContents: ['ARTIFACT'] };

  test('is rejected if its page token repeats or is far too long', async () => {
    answer({ models: [], nextPageToken: 'same' });
    const source = { parent: PARENT, pageToken: 'same' };
    const { message } = await failureOf(plan(source), ExportFailureType.Unavailable);
    assert.match(message, /repeats a page token/);
    services().vertex.clearFaults();
    answer({ models: [], nextPageToken: 'x'.repeat(20_000) });
    await failureOf(plan(source), ExportFailureType.Unavailable);
  });

  test('is planned without invalid formats', async () => {
    answer({
      models: [
        {
          name: `${PARENT}/models/12`,
          supportedExportFormats: [
            { id: 'tflite', ...ARTIFACT },
            { id: 'a format', ...ARTIFACT },
          ],
        },
      ],
    });
    const { planned, skipped } = await plan({ parent: PARENT, formats: 'all' });
    assert.deepEqual(
      planned.map(({ input }) => [parseModelName(input.name)?.model, input.outputConfig.exportFormatId]),
      [['12', 'tflite']],
    );
    assert.equal(skipped, 0);
  });

  for (const name of [`${PARENT}/models/../../evil`, 'x'.repeat(5_000), 'projects/others/locations/eu/models/1']) {
    test(`is rejected if it names ${name.slice(0, 60)}`, async () => {
      answer({ models: [{ name, supportedExportFormats: [{ id: 'tflite', ...ARTIFACT }] }] });
      await failureOf(plan({ parent: PARENT, formats: 'all' }), ExportFailureType.Unavailable);
    });
  }
});
