import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { jsonBytes, FLEET_BYTES } from '../../../../src/contract/fleet-limits';
import { groupedByModel, joined, nextPart } from '../../../../src/workflows/fleet/source';

const P = 'projects/p/locations/us-central1/models';

suite('the source of a fleet', () => {
  test('has all names of one Model beside each other, in the order of the first of each', () => {
    const models = [`${P}/a`, `${P}/b`, `${P}/a@1`, `${P}/c%402`, `${P}/b@prod`, `${P}/c`];
    assert.deepEqual(groupedByModel({ models, formats: 'all' }), {
      models: [`${P}/a`, `${P}/a@1`, `${P}/b`, `${P}/b@prod`, `${P}/c%402`, `${P}/c`],
      formats: 'all',
    });
  });

  test('is planned in parts whose plans have a bounded number of bytes', () => {
    const formatPreference = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(128, 'f'));
    const exports = Array.from({ length: 60 }, (_, index) => ({ name: `${P}/${index}`, formatPreference }));
    const { part, rest } = nextPart({ exports }, 5_000);
    assert.ok('exports' in part && rest !== undefined && 'exports' in rest);
    assert.ok(part.exports.length >= 1 && jsonBytes(part) < FLEET_BYTES.planned);
    assert.deepEqual([...part.exports, ...rest.exports], exports);
  });

  test('always has an entry in its next part, however large', () => {
    const { part, rest } = nextPart({ exports: [{ name: `${P}/1` }, { name: `${P}/2` }] }, 10_000_000);
    assert.deepEqual([part, rest], [{ exports: [{ name: `${P}/1` }] }, { exports: [{ name: `${P}/2` }] }]);
  });

  test('keeps what a part left, before what follows the part', () => {
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
