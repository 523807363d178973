import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { dict, global, int, joblibArray, list, nothing, object, pickle, text, tuple } from '../../../support/pickle';
import { accepted, findingsOf, notesOf } from '../../../support/uploaded-kinds';

suite('The arrays of joblib in a pickle', () => {
  const array = (type: string, shape: readonly number[], size: number): Buffer =>
    pickle(list(joblibArray({ type, shape, data: Buffer.alloc(size) }), text('end')));

  test('have as many bytes as their types need', async () => {
    const types = { b1: 1, i8: 8, u2: 2, f4: 4, c16: 16, M8: 8, m8: 8, S5: 5, U3: 12, V7: 7 };
    for (const [type, size] of Object.entries(types)) {
      assert.deepEqual(await accepted('m.pkl', array(type, [2], size * 2)), { protocol: 2 });
    }
    assert.deepEqual(await accepted('m.pkl', array('f8', Array<number>(64).fill(1), 8)), { protocol: 2 });
  });

  const UNKNOWN = /^m\.pkl: the part after byte \d+ was not inspected: it is an array of an unknown type$/;
  const wrapper = (state: Buffer, name = 'joblib.numpy_pickle'): Buffer =>
    pickle(object(global(name, 'NumpyArrayWrapper'), tuple(), state));
  const dtype = (code: Buffer, flags = int(0)): Buffer =>
    object(
      global('numpy', 'dtype'),
      tuple(code, int(0), int(1)),
      tuple(int(3), text('<'), nothing, nothing, nothing, int(-1), int(-1), flags),
    );
  const of = (shape: Buffer, type: Buffer): Buffer => wrapper(dict({ shape, dtype: type }));
  const unknown: Record<string, Buffer> = {
    'of 65 dimensions': array('f8', Array<number>(65).fill(1), 8),
    'of an unknown letter': array('x8', [1], 8),
    'of a type without digits': array('f', [1], 8),
    'without a state': wrapper(nothing),
    'without a shape': wrapper(dict({ dtype: dtype(text('f8')) })),
    'without a type': wrapper(dict({ shape: tuple() })),
    'with a text in its shape': of(tuple(text('1')), dtype(text('f8'))),
    'with a negative side': of(tuple(int(-1)), dtype(text('f8'))),
    'whose type is a number': of(tuple(), dtype(int(8))),
    'whose type is another object': of(tuple(), object(global('numpy', 'other'), tuple(text('f8')), nothing)),
    'whose type is text': of(tuple(), text('f8')),
    'of another copy of joblib': wrapper(nothing, 'sklearn.externals.joblib.numpy_pickle'),
  };
  for (const [title, file] of Object.entries(unknown)) {
    test(`${title} are accepted with a note, if the pickle ends`, async () => {
      const notes = await notesOf('m.pkl', file);
      assert.equal(notes.length, 1);
      assert.match(notes[0] ?? '', UNKNOWN);
      assert.match(await findingsOf('m.pkl', file.subarray(0, -1)), /cut off or damaged/);
    });
  }

  test('are only those of joblib', async () => {
    for (const name of ['myjoblib.numpy_pickle', 'joblib_numpy_pickle', 'joblib.numpy_pickle.x']) {
      await accepted('m.pkl', wrapper(nothing, name));
    }
    await accepted('m.pkl', pickle(object(global('joblib.numpy_pickle', 'NumpyArrayWrapper2'), tuple(), nothing)));
  });

  test('are separate pickles if their flags mark them as such', async () => {
    const separate = Buffer.concat([
      of(tuple(int(1)), dtype(text('V8'), int(1))).subarray(0, -1),
      pickle(nothing),
      Buffer.from('.'),
    ]);
    await accepted('m.pkl', separate);
  });

  test('may be the last bytes but one, and not one less', async () => {
    const whole = pickle(joblibArray({ type: 'f8', shape: [1], data: Buffer.alloc(8) }));
    await accepted('m.pkl', whole);
    assert.match(await findingsOf('m.pkl', whole.subarray(0, -1)), /has no end before byte \d+$/);
    assert.match(await findingsOf('m.pkl', whole.subarray(0, -2)), /should have 8 bytes, but 7 are left$/);
  });

  test('may have bytes after the end of their pickle, with a note', async () => {
    assert.deepEqual(await notesOf('m.pkl', Buffer.concat([pickle(nothing), Buffer.from('xyz')])), [
      'm.pkl: has 3 bytes after the end of its pickle',
    ]);
    assert.match(await findingsOf('m.pkl', ''.padEnd(1, '\xff')), /is not a pickle: its first bytes are "c3bf"$/);
  });
});
