import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { fixture } from '../../../support/inspection';
import { bytes, dict, int, joblibArray, list, nothing, pickle, text, tuple } from '../../../support/pickle';
import { accepted, assertFewReads, findingsOf, inspect, MIB, unnoticedCuts } from '../../../support/uploaded-kinds';

suite('A pickle', () => {
  const state = dict({ coef: list(int(1), int(2)), name: text('a.b.c'), none: nothing });
  const doubles = { type: 'f8', shape: [2, 3], data: Buffer.alloc(48, '.') };
  const objects = { type: 'O8', shape: [1], data: pickle(list(text('x'))) };

  test('of the scikit-learn model is read to its end, including its arrays', async () => {
    const { 'model.joblib': model = Buffer.alloc(0) } = fixture('custom/artifact');
    assert.deepEqual(await accepted('model.joblib', model), { protocol: 4 });
  });

  test('of the scikit-learn model is rejected wherever it is cut off', async () => {
    const { 'model.joblib': model = Buffer.alloc(0) } = fixture('custom/artifact');
    assert.deepEqual(await unnoticedCuts('model.joblib', model), []);
  });

  const good: Record<string, [Buffer, unknown]> = {
    'in text, in protocol 0': [Buffer.from("(dp0\nS'a'\np1\n(lp2\nI1\naL2L\nas."), {}],
    'that is a single constant': [Buffer.from('N.'), {}],
    'in a frame': [pickle(state, 4), { protocol: 4 }],
    'with another one after it': [Buffer.concat([pickle(state), pickle(nothing, 5)]), { protocol: 2 }],
    'with an array of joblib before 1.2': [pickle(list(joblibArray(doubles), text('end'))), { protocol: 2 }],
    'with an array that is aligned': [pickle(joblibArray({ ...doubles, padding: 7 }), 3), { protocol: 3 }],
    'with an array of objects': [pickle(tuple(joblibArray(objects), joblibArray(doubles))), { protocol: 2 }],
    'with an array of texts and an empty one': [
      pickle(
        list(
          joblibArray({ type: 'U3', shape: [2], data: Buffer.alloc(24) }),
          joblibArray({ type: 'i4', shape: [0, 4], data: Buffer.alloc(0) }),
          joblibArray({ type: 'b1', shape: [], data: Buffer.alloc(1) }),
        ),
      ),
      { protocol: 2 },
    ],
    'compressed by zlib': [deflateSync(pickle(joblibArray(doubles))), { protocol: 2, compression: 'zlib' }],
    'compressed by gzip': [gzipSync(pickle(state, 5)), { protocol: 5, compression: 'gzip' }],
  };
  for (const [title, [file, summary]] of Object.entries(good)) {
    test(`${title} is accepted`, async () => {
      assert.deepEqual(await accepted('model.pkl', file), summary);
    });
    test(`${title} is rejected wherever it is cut off`, async () => {
      const first = title === 'with another one after it' ? [pickle(state).length] : [];
      assert.deepEqual(await unnoticedCuts('model.pkl', file), first);
    });
  }

  const bad: Record<string, [Buffer, RegExp]> = {
    'that is a page of a proxy': [Buffer.from('<html>'), /model\.pkl: is not a pickle: its first bytes are "3c68746d"/],
    'of a protocol that does not exist': [pickle(state, 9), /has the pickle protocol 9, but the highest is 5/],
    'whose opcodes lack operands': [Buffer.from('\x80\x02R.', 'latin1'), /has nothing to work on/],
    'that refers to a missing object': [Buffer.from('\x80\x02h\x07.', 'latin1'), /has no object 7 to refer to/],
    'with a byte that is not an opcode': [Buffer.from('\x80\x02N\xff.', 'latin1'), /byte 3 is not an opcode/],
    'with an array that is cut short': [
      pickle(joblibArray({ ...doubles, data: Buffer.alloc(8) })),
      /an array at byte \d+ should have 48 bytes, but 9 are left/,
    ],
    'whose compression is damaged': [Buffer.from('789c000000000000', 'hex'), /its zlib stream/],
    'with an xz stream that is cut off': [Buffer.from('fd377a585a000004', 'hex'), /its xz stream has no end/],
    'with a bzip2 stream that is cut off': [Buffer.from('BZh91AY&SY..............'), /its bzip2 stream has no end/],
  };
  for (const [title, [file, message_]] of Object.entries(bad)) {
    test(`${title} is rejected`, async () => {
      assert.match(await findingsOf('model.pkl', file), message_);
    });
  }

  test('with an array of an unknown type gets a note, and must have the end of a pickle', async () => {
    const file = pickle(joblibArray({ ...doubles, type: 'T16' }));
    const { findings, notes } = await inspect({ 'm.pkl': file });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /the part after byte \d+ was not inspected/);
    assert.match(
      await findingsOf('m.pkl', Buffer.concat([file.subarray(0, -1), Buffer.alloc(1)])),
      /its last byte is 0/,
    );
  });

  test('whose compression can only be checked by reading all of it gets a note', async () => {
    const { findings, notes } = await inspect({ 'm.joblib': Buffer.from('5d00008000ffff', 'hex') });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /is compressed \(lzma\)/);
  });

  test('larger than 1 MiB is read without the contents of its arrays', async () => {
    const big = joblibArray({ type: 'f4', shape: [MIB], data: Buffer.alloc(4 * MIB, '.') });
    const { notes } = await assertFewReads(
      'm.joblib',
      pickle(list(big, bytes(Buffer.alloc(MIB)), text('end'))),
      4,
      16_384,
    );
    assert.deepEqual(notes, []);
  });

  test('larger than 1 MiB is rejected if it is cut off in an array that was not read', async () => {
    const whole = pickle(list(bytes(Buffer.alloc(3 * MIB, '.')), text('end')));
    assert.match(await findingsOf('m.pkl', whole.subarray(0, 2 * MIB)), /should have 3145728 bytes at byte \d+/);
  });

  test('with many scattered parts is read in part, and its end is checked', async () => {
    const whole = pickle(list(...Array.from({ length: 200 }, () => bytes(Buffer.alloc(20_000)))));
    const { notes } = await assertFewReads('m.pkl', whole, 60, MIB);
    assert.match(
      notes.join(),
      /was not fully inspected: it was followed up to byte \d+ of \d+, and its end was checked/,
    );
    assert.match(
      await findingsOf('m.pkl', whole.subarray(0, -30_000)),
      /its last byte is 0, but a pickle ends with 46/,
    );
  });

  test('that fills the stack is not read to its end', async () => {
    const { findings, notes } = await inspect({
      'm.pkl': Buffer.concat([Buffer.alloc(MIB - 1, 'N'), Buffer.from('.')]),
    });
    assert.deepEqual(findings, []);
    assert.match(notes.join(), /more than 100000 values/);
    assert.match(await findingsOf('m.pkl', Buffer.alloc(MIB, '}')), /its last byte is 125/);
  });
});
