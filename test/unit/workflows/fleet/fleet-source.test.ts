import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { jsonBytes, FLEET_BYTES } from '../../../../src/contract/fleet-limits';
import { groupedByModel, joined, nextPart } from '../../../../src/workflows/fleet/source';

const P = 'projects/p/locations/us-central1/models';

suite('the source of a fleet:', () => {
  test('a source groups all names of a Model in the order of their first occurrence', () => {
    const models = [`${P}/a`, `${P}/b`, `${P}/a@1`, `${P}/c%402`, `${P}/b@prod`, `${P}/c`];
    assert.deepEqual(groupedByModel({ models, formats: 'all' }), {
      models: [`${P}/a`, `${P}/a@1`, `${P}/b`, `${P}/b@prod`, `${P}/c%402`, `${P}/c`],
      formats: 'all',
    });
  });

  test('a source is planned in parts of bounded size', () => {
    const formatPreference = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(128, 'f'));
    const exports = Array.from({ length: 60 }, (_, index) => ({ name: `${P}/${index}`, formatPreference }));
    const { part, rest } = nextPart({ exports }, 5_000);
    assert.ok('exports' in part && rest !== undefined && 'exports' in rest);
    assert.ok(part.exports.length >= 1 && jsonBytes(part) < FLEET_BYTES.planned);
    assert.deepEqual([...part.exports, ...rest.exports], exports);
  });

  test('the next part of a source has at least one entry of any size', () => {
    const { part, rest } = nextPart({ exports: [{ name: `${P}/1` }, { name: `${P}/2` }] }, 10_000_000);
    assert.deepEqual([part, rest], [{ exports: [{ name: `${P}/1` }] }, { exports: [{ name: `${P}/2` }] }]);
  });

  test('the rest of a part is planned before the rest of the source', () => {
    const models = Array.from({ length: 30 }, (_, index) => `${P}/${index}`);
    const { part, rest } = nextPart({ models, formats: 'all' }, 100);
    assert.ok('models' in part);
    const after = { model: `${P}/19`, exportFormatId: 'tflite' };
    const left = { models: part.models.slice(-1), formats: 'all', after } as const;
    assert.deepEqual(joined(left, rest), { models: models.slice(19), formats: 'all', after });
    const following = nextPart(joined(left, rest) ?? left, 100);
    assert.deepEqual('models' in following.part && following.part.after, after);
    assert.deepEqual(joined(undefined, rest), rest);
  });
});
