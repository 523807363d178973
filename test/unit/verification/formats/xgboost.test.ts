import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { accepted, assertFewReads, findingsOf, MIB, unnoticedCuts } from '../../../support/uploaded-kinds';
import { LEARNER, legacyXgboost, MODEL, ubjson } from '../../../support/xgboost';

suite('An XGBoost model', () => {
  const json = JSON.stringify(MODEL);
  const good: Record<string, [Buffer | string, unknown]> = {
    'in UBJSON': [ubjson(MODEL), { layout: 'ubjson', version: '2.1.4' }],
    'in JSON': [json, { layout: 'json', version: '2.1.4' }],
    'in JSON with blanks': [`${JSON.stringify(MODEL, null, 2)}\n`, { layout: 'json', version: '2.1.4' }],
    'in JSON in another order, with a number that is not valid JSON': [
      '{"version":[1,7,6],"learner":{"split_conditions":[NaN,-Infinity,1],"name":"}\\"{"}}',
      { layout: 'json' },
    ],
    'in the binary format': [legacyXgboost(), { layout: 'legacy', version: '1.7' }],
    'in the binary format without a magic number': [legacyXgboost({ magic: '' }), { layout: 'legacy', version: '1.7' }],
    'in the binary format with weights of trees': [
      legacyXgboost({ booster: 'dart' }),
      { layout: 'legacy', version: '1.7' },
    ],
    'in the binary format with a linear model': [
      legacyXgboost({ booster: 'gblinear' }),
      { layout: 'legacy', version: '1.7' },
    ],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      assert.deepEqual(await accepted('model.bst', file), summary);
    });
    test(`${title} is rejected wherever it is cut off`, async () => {
      const cuts = await unnoticedCuts('model.bst', Buffer.from(file));
      // A line feed after a text does not belong to it.
      assert.deepEqual(cuts, String(file).endsWith('\n') ? [file.length - 1] : []);
    });
  }

  const bad: Record<string, [Buffer | string, RegExp]> = {
    'that is a page of a proxy': ['<html>', /is not an XGBoost model: its first bytes are "3c68746d"/],
    'that is another JSON': ['{"error": 404}', /it has no learner/],
    'whose brackets do not match': ['{"learner":[1}', /its brackets do not match at byte 13/],
    'whose values are too deep in JSON': [`{"learner":${'['.repeat(100)}`, /its values are nested deeper than 32/],
    'whose values are too deep in UBJSON': [
      Buffer.concat([ubjson({ learner: {} }).subarray(0, -3), Buffer.alloc(100, '[')]),
      /its values are nested deeper than 32/,
    ],
    'with a value that is not UBJSON': [Buffer.concat([ubjson(MODEL).subarray(0, -1), Buffer.from('??')]), /should be/],
    'without the names of its parts': [`binf${'\0'.repeat(200)}`, /its objective and booster are not named/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf('model.bst', file), message_);
    });
  }

  const large: Record<string, Buffer> = {
    UBJSON: ubjson({ ...MODEL, learner: { ...LEARNER, weights: Array<number>(MIB).fill(0) } }),
    JSON: Buffer.from(JSON.stringify({ ...MODEL, learner: { ...LEARNER, weights: Array<number>(MIB).fill(0) } })),
    'the binary format': legacyXgboost({ trees: Array<number>(300).fill(200) }),
  };
  for (const [title, file] of Object.entries(large)) {
    test(`in ${title} larger than 1 MiB is inspected at its start and end`, async () => {
      const { notes } = await assertFewReads('model.bst', file, 2, 160_000);
      assert.match(notes.join(), /only its beginning and end were inspected/);
      assert.match(await findingsOf('model.bst', file.subarray(0, -100)), /is cut off or damaged: it does not end/);
    });
  }
});
