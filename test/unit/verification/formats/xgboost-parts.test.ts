import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { accepted, findingsOf, inspect, MIB, notesOf } from '../../../support/uploaded-kinds';
import { LEARNER, legacyXgboost, MODEL, ubjson } from '../../../support/xgboost';

const FILE = 'model.bst';

suite('An XGBoost model in the binary form', () => {
  /** The model with a number of 32 bits of its parameters replaced. */
  function withParameter(offset: number, value: number): Buffer {
    const model = legacyXgboost();
    model.writeUInt32LE(value, 'binf'.length + offset);
    return model;
  }

  test('of a version before 1 is inspected at its beginning', async () => {
    const { notes, inspected } = await inspect({ [FILE]: legacyXgboost({ version: [0, 90] }) });
    assert.deepEqual(notes, ['model.bst: only its beginning was inspected']);
    assert.deepEqual(inspected[0]?.summary, { layout: 'legacy' });
    assert.deepEqual(await accepted(FILE, legacyXgboost({ version: [1, 0] })), { layout: 'legacy', version: '1.0' });
  });

  test('with an unknown booster is inspected at its beginning', async () => {
    const model = legacyXgboost();
    model.write('gbtrxx', model.indexOf('gbtree'));
    assert.deepEqual(await notesOf(FILE, model), ['model.bst: only its beginning was inspected']);
  });

  test('may lack attributes, even if it is large', async () => {
    const size = legacyXgboost({ attributes: {} }).length;
    const without = withParameter(12, 0).subarray(0, size - 8);
    assert.deepEqual(await notesOf(FILE, without), []);
    const large = legacyXgboost({ trees: Array<number>(300).fill(200) });
    large.writeUInt32LE(0, 'binf'.length + 12);
    assert.deepEqual(await notesOf(FILE, large.subarray(0, -50)), [
      'model.bst: only its beginning and end were inspected',
    ]);
  });

  test('without a tree is accepted, whatever its booster', async () => {
    assert.deepEqual(await notesOf(FILE, legacyXgboost({ trees: [] })), []);
    // Without trees there are no weights of trees.
    const dart = legacyXgboost({ booster: 'dart', trees: [] });
    const at = dart.indexOf('dart') + 4 + 160;
    assert.deepEqual(await notesOf(FILE, Buffer.concat([dart.subarray(0, at), dart.subarray(at + 8)])), []);
  });

  test('with trailing data is accepted with a note', async () => {
    assert.deepEqual(await notesOf(FILE, Buffer.concat([legacyXgboost(), Buffer.alloc(3)])), [
      'model.bst: has 3 bytes after the end of its model',
    ]);
  });

  test('reports where it is cut off', async () => {
    const model = legacyXgboost();
    const trees = model.indexOf('gbtree') + 6;
    assert.equal(
      await findingsOf(FILE, model.subarray(0, trees + 10)),
      `model.bst: is cut off or damaged: 160 bytes of its model should be at byte ${trees}, but 10 are left`,
    );
  });

  const NOT_NAMED = /its objective and booster are not named/;
  const names: Record<string, (model: Buffer, at: number) => void> = {
    'of no letters': (model, at) => model.writeUInt32LE(0, at),
    'of 129 letters': (model, at) => model.writeUInt32LE(129, at),
    'that begins with a digit': (model, at) => model.write('1', at + 8),
    'that begins with a blank': (model, at) => model.write(' ', at + 8),
    'whose length has more than 32 bits': (model, at) => model.writeUInt32LE(1, at + 4),
    'that is longer than the file': (model, at) => {
      model.writeUInt32LE(100, at);
      model.write('r'.repeat(16), at + 8);
    },
  };
  for (const [title, change] of Object.entries(names)) {
    test(`with an objective ${title} is refused`, async () => {
      const model = legacyXgboost({ trees: [] }).subarray(0, 'binf'.length + 136 + 24);
      assert.match(await findingsOf(FILE, model), NOT_NAMED);
      const changed = Buffer.from(title.includes('file') ? model : legacyXgboost());
      change(changed, 'binf'.length + 136);
      assert.match(await findingsOf(FILE, changed), NOT_NAMED);
    });
  }

  test('with an objective of 128 letters is accepted', async () => {
    const model = legacyXgboost();
    const at = 'binf'.length + 136;
    const length = Buffer.alloc(8);
    length.writeUInt32LE(128);
    const objective = Buffer.concat([length, Buffer.from(`r:${'x'.repeat(126)}`)]);
    assert.deepEqual(
      await notesOf(FILE, Buffer.concat([model.subarray(0, at), objective, model.subarray(at + 24)])),
      [],
    );
  });

  const trees = Array<number>(300).fill(200);
  const LARGE_NOTE = 'model.bst: only its beginning and end were inspected';
  const NO_END = /is cut off or damaged: it does not end with the attributes of its model$/;

  test('larger than 1 MiB must end with its attributes', async () => {
    const one = legacyXgboost({ trees, attributes: { a: '' } });
    assert.ok(one.length > MIB);
    assert.deepEqual(await notesOf(FILE, one), [LARGE_NOTE]);
    const several = { objective: 'x'.repeat(300), 'best score': '0.5', attribute: 'ä' };
    const model = legacyXgboost({ trees, attributes: several });
    assert.deepEqual(await notesOf(FILE, model), [LARGE_NOTE]);
    for (const left of [1, 2, 9]) assert.match(await findingsOf(FILE, model.subarray(0, -left)), NO_END);
    assert.match(await findingsOf(FILE, Buffer.concat([model, Buffer.from('x')])), NO_END);
  });

  test('larger than 1 MiB has names in its attributes, and at least one', async () => {
    assert.match(await findingsOf(FILE, legacyXgboost({ trees, attributes: {} })), NO_END);
    for (const name of ['', 'a\tb', '\u00e4', 'a\n']) {
      assert.match(await findingsOf(FILE, legacyXgboost({ trees, attributes: { [name]: 'x' } })), NO_END, name);
    }
    assert.deepEqual(await notesOf(FILE, legacyXgboost({ trees, attributes: { ' ~': '\u0000' } })), [LARGE_NOTE]);
  });

  test('larger than 1 MiB may have its attributes in the last 128 KiB only', async () => {
    const within = legacyXgboost({ trees, attributes: { a: 'x'.repeat(60_000), b: 'x'.repeat(60_000) } });
    assert.deepEqual(await notesOf(FILE, within), [LARGE_NOTE]);
    const longText = legacyXgboost({ trees, attributes: { a: 'x'.repeat(65_536) } });
    assert.match(await findingsOf(FILE, longText), NO_END);
  });
});

suite('An XGBoost model in UBJSON', () => {
  const length = (value: number): Buffer => {
    const bytes = Buffer.alloc(9, 'L');
    bytes.writeBigInt64BE(BigInt(value), 1);
    return bytes;
  };
  /** A model with a value, named `v`, whose bytes are these. */
  const withValue = (...parts: readonly (Buffer | string)[]): Buffer =>
    Buffer.concat([
      Buffer.from('{'),
      ...[length(7), Buffer.from('learner'), Buffer.from('{}')],
      ...[length(1), Buffer.from('v'), ...parts.map((part) => Buffer.from(part))],
      Buffer.from('}'),
    ]);

  const good: Record<string, readonly (Buffer | string)[]> = {
    'null, true and false': ['[ZTF]'],
    'a byte': ['i1'],
    'an unsigned byte': ['U1'],
    'a character': ['C1'],
    'two bytes': ['I12'],
    'four bytes': ['l1234'],
    'a float': ['d1234'],
    'eight bytes': ['L12345678'],
    'a double': ['D12345678'],
    'a text': ['S', length(2), '}]'],
    'an empty text': ['S', length(0)],
    'an empty object in a list': ['[{}]'],
    'an array with its length in front': ['[#', length(2), 'ZT'],
    'an array of no values with its length in front': ['[#', length(0)],
    'an array of two bytes each': ['[$I#', length(3), '123456'],
    'an array of nothing with a type': ['[$Z#', length(3)],
    'as many open values as are allowed': ['['.repeat(31), ']'.repeat(31)],
  };
  for (const [title, parts] of Object.entries(good)) {
    test(`with ${title} is accepted, and refused where it is cut off`, async () => {
      const model = withValue(...parts);
      assert.deepEqual(await notesOf(FILE, model), []);
      assert.deepEqual(await notesOf(FILE, Buffer.concat([model, Buffer.from('xy')])), [
        'model.bst: has 2 bytes after the end of its model',
      ]);
      assert.match(await findingsOf(FILE, model.subarray(0, -1)), /is cut off or damaged/);
    });
  }

  const bad: Record<string, [parts: readonly (Buffer | string)[], message: RegExp]> = {
    'a value of no type': [['x'], /is damaged: no UBJSON value begins at byte 29$/],
    'a text of a negative length': [['S', length(-1)], /is damaged: the length at byte 31 is -1$/],
    'a text of a short length': [['Si'], /is damaged: "L" should be at byte 30, not "i"$/],
    'a typed array without a length': [['[$I1'], /is damaged: "#" should be at byte 32, not "1"$/],
    'one open value more than is allowed': [['['.repeat(32), ']'.repeat(32)], /nested deeper than 32$/],
    'a list that ends as an object': [['[}'], /is damaged: no UBJSON value begins at byte 30$/],
  };
  for (const [title, [parts, message]] of Object.entries(bad)) {
    test(`with ${title} is refused`, async () => {
      assert.match(await findingsOf(FILE, withValue(...parts)), message);
    });
  }

  test('reports which of its values is cut off', async () => {
    assert.equal(
      await findingsOf(FILE, withValue('D1234').subarray(0, -1)),
      'model.bst: is cut off or damaged: a value at byte 30 should have 8 bytes, but 4 are left',
    );
  });

  test('with its version elsewhere is accepted, but reports none', async () => {
    const { findings, inspected } = await inspect({ [FILE]: ubjson({ version: [2, 1, 4], learner: LEARNER }) });
    assert.deepEqual([findings, inspected[0]?.summary], [[], { layout: 'ubjson' }]);
  });

  test('larger than 1 MiB begins with its learner and ends with its version', async () => {
    const weights = Array<number>(MIB).fill(0);
    const NO_END = /it does not end as XGBoost ends a model, with its version and "}"$/;
    assert.match(
      await findingsOf(FILE, ubjson({ name: 'x'.repeat(60), learner: { weights }, version: [2, 1, 4] })),
      /has no learner$/,
    );
    assert.match(await findingsOf(FILE, ubjson({ learner: { weights } })), NO_END);
    assert.match(
      await findingsOf(FILE, Buffer.concat([ubjson({ learner: { weights }, version: [2, 1, 4] }), Buffer.from('x')])),
      NO_END,
    );
    assert.deepEqual(await notesOf(FILE, ubjson({ learner: { weights }, version: [2, 1, 4] })), [
      'model.bst: only its beginning and end were inspected',
    ]);
  });
});

suite('An XGBoost model in JSON', () => {
  test('has blanks anywhere', async () => {
    const file = '{ "learner" : {} ,\r\n\t"version" : [ 2 , 10 , 3 ] } \r\n\t';
    assert.deepEqual(await accepted(FILE, file), { layout: 'json', version: '2.10.3' });
    assert.deepEqual(await accepted(FILE, '{"version":[1,2,3],"learner":{}}'), { layout: 'json' });
  });

  test('has texts with any character', async () => {
    const learner = { a: '}]', b: '"', c: '\\', d: '\\"', e: '' };
    assert.deepEqual(await accepted(FILE, JSON.stringify({ learner, version: [1, 2, 3] })), {
      ...{ layout: 'json', version: '1.2.3' },
    });
  });

  test('has up to 32 open values', async () => {
    const nested = (depth: number): string => `{"learner":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    assert.deepEqual(await notesOf(FILE, nested(31)), []);
    assert.match(await findingsOf(FILE, nested(32)), /is damaged: its values are nested deeper than 32$/);
  });

  test('with trailing data is accepted with a note', async () => {
    assert.deepEqual(await notesOf(FILE, '{"learner":{}}  x'), ['model.bst: has 1 bytes after the end of its model']);
  });

  const bad: Record<string, [file: string, message: RegExp]> = {
    'without an end': ['{"learner":{}', /is cut off: its JSON has no end$/],
    'whose text has no end': ['{"learner":"abc', /is cut off: the text at byte 12 of its JSON has no end$/],
    'whose text ends with a backslash': ['{"learner":"abc\\"', /is cut off: the text at byte 12/],
    'whose object ends as a list': ['{"learner":1]', /its brackets do not match at byte 12$/],
    'without a learner': ['{}', /it has no learner$/],
    'of one byte': ['{', /it has no learner$/],
  };
  for (const [title, [file, message]] of Object.entries(bad)) {
    test(`${title} is refused`, async () => {
      assert.match(await findingsOf(FILE, file), message);
    });
  }

  test('larger than 1 MiB may have its version and learner anywhere, but ends with a brace', async () => {
    const trees = Array<number>(MIB).fill(0);
    const note = ['model.bst: only its beginning and end were inspected'];
    const versionFirst = JSON.stringify({ version: [1, 2, 3], weights: trees, learner: {} });
    assert.deepEqual(await notesOf(FILE, versionFirst), note);
    assert.deepEqual(await notesOf(FILE, `${versionFirst}\n `), note);
    assert.match(await findingsOf(FILE, versionFirst.slice(0, -2)), /it does not end as XGBoost ends a model/);
    const whole = JSON.stringify({ ...MODEL, learner: { ...LEARNER, trees } });
    assert.match(await findingsOf(FILE, `${whole}x`), /it does not end as XGBoost ends a model/);
  });

  test('is distinguished from UBJSON by what follows its brace and blanks', async () => {
    assert.match(await findingsOf(FILE, `{${' '.repeat(62)}"learner"`), /its JSON has no end/);
    assert.match(await findingsOf(FILE, `{${' '.repeat(63)}"learner"`), /should be at byte/);
    assert.match(await findingsOf(FILE, 'learner'), /its first bytes are "6c656172"$/);
  });
});
