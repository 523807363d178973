import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { onnxModel, opset, tensor, value } from '../../../support/onnx';
import { field, message } from '../../../support/protobuf';
import { accepted, findingsOf, notesOf } from '../../../support/uploaded-kinds';

const floats = (count: number): Buffer => Buffer.alloc(count * 4);

suite('The parts of an ONNX model', () => {
  test('need a version and a graph', async () => {
    const graph = message(7, field(2, 'graph'));
    assert.match(await findingsOf('m.onnx', Buffer.concat([graph, field(8, opset(17))])), /it has no version$/);
    assert.match(await findingsOf('m.onnx', Buffer.concat([field(1, -1), graph, field(8, opset(1))])), /no version$/);
    assert.match(await findingsOf('m.onnx', Buffer.concat([field(1, 8), field(7, 5)])), /it has no graph$/);
    assert.match(
      await findingsOf('m.onnx', onnxModel({ irVersion: 3, opsets: [] })),
      /does not state its operator sets$/,
    );
  });

  test('may lack a producer, or have only its name or its version', async () => {
    const model = (...fields: readonly Buffer[]): Buffer =>
      Buffer.concat([field(1, 8), ...fields, message(7, field(2, 'g')), field(8, opset(17)), field(99, 'new')]);
    const facts = {
      ...{ irVersion: 8, opsets: ['ai.onnx 17'], nodes: 0, initializers: 0, inputs: [], outputs: [] },
    };
    assert.deepEqual(await accepted('m.onnx', model()), facts);
    assert.deepEqual(await accepted('m.onnx', model(field(2, 'a'))), { ...facts, producer: 'a' });
    assert.deepEqual(await accepted('m.onnx', model(field(3, '1'))), { ...facts, producer: '1' });
    const long = await accepted('m.onnx', model(field(2, 'n'.repeat(300))));
    assert.ok(typeof long === 'object' && long !== null && 'producer' in long);
    assert.equal(long.producer, `${'n'.repeat(199)}…`);
  });

  test('that are numbers where messages should be, and the other way round, are skipped', async () => {
    const odd = Buffer.concat([
      field(1, 'x'),
      field(8, 3),
      field(1, 8),
      message(7, field(2, 'g')),
      field(8, opset(17)),
    ]);
    const summary = await accepted('m.onnx', odd);
    assert.match(JSON.stringify(summary), /^{"irVersion":8,"opsets":\["ai\.onnx 17"\]/);
  });

  test('are at most 2,000 inputs, outputs and operator sets of up to 4 KiB', async () => {
    const name = (length: number): Buffer => value('n'.repeat(length));
    const largest = name(4_096 - value('').length - 2);
    assert.ok(largest.length <= 4_096 && largest.length > 4_090);
    const summary = await accepted('m.onnx', onnxModel({ inputs: [name(4_097), largest], outputs: [value('y')] }));
    assert.match(JSON.stringify(summary), /"inputs":\[{"name":"n{199}…"[^}]*}\],"outputs":\[{"name":"y"/);
  });

  test('may be inputs and outputs of all kinds', async () => {
    const typed = (...type: readonly Buffer[]): Buffer => Buffer.concat([field(1, 'x'), message(2, ...type)]);
    const sides = message(2, message(1, field(1, 5)), message(1, field(2, 'n')), message(1), message(1, field(1, 0)));
    const outputs = [
      typed(message(1, field(1, 7), sides)),
      typed(message(8, field(1, 7), sides)),
      typed(message(4)),
      typed(message(5)),
      typed(message(7)),
      typed(message(9)),
      typed(),
      field(1, 'x'),
    ];
    const summary = await accepted('m.onnx', onnxModel({ inputs: [], outputs }));
    assert.ok(typeof summary === 'object' && summary !== null && 'outputs' in summary);
    const shape = [5, -1, -1, 0];
    assert.deepEqual(summary.outputs, [
      { name: 'x', type: 'int64', shape },
      { name: 'x', type: 'int64', shape },
      { name: 'x', type: 'sequence' },
      { name: 'x', type: 'map' },
      { name: 'x', type: 'opaque' },
      { name: 'x', type: 'optional' },
      { name: 'x', type: 'unknown' },
      { name: 'x', type: 'unknown' },
    ]);
  });

  test('may be sparse constants, whose values are checked', async () => {
    const sparse = (values: Buffer): Buffer =>
      Buffer.concat([
        field(1, 8),
        message(7, message(15, field(1, values), field(2, tensor({ name: 'i', dims: [9], type: 7 })), field(3, 4))),
        field(8, opset(17)),
      ]);
    const good = tensor({ name: 'v', dims: [2], raw: floats(2) });
    const summary = await accepted('m.onnx', sparse(good));
    assert.match(JSON.stringify(summary), /"initializers":1/);
    const bad = tensor({ name: 'v', dims: [2], raw: floats(1) });
    assert.match(await findingsOf('m.onnx', sparse(bad)), /the tensor v has 4 bytes, which do not fit its shape \[2\]/);
  });

  test('may be parts of a tensor, whose elements are elsewhere', async () => {
    const segment = Buffer.concat([tensor({ name: 'w', dims: [9] }), message(3, field(1, 0))]);
    await accepted('m.onnx', onnxModel({ initializers: [segment] }));
  });

  const of = (...initializers: readonly Buffer[]): Buffer => onnxModel({ initializers });
  const bad: Record<string, [Buffer, RegExp]> = {
    'a constant with too many bytes': [
      of(tensor({ name: 'w', dims: [2], raw: floats(3) })),
      /the tensor w has 12 bytes, which do not fit its shape \[2\] of float32$/,
    ],
    'a constant with too many elements': [
      of(tensor({ name: 'w', dims: [2], data: field(4, floats(3)) })),
      /the tensor w has 3 elements, which do not fit its shape \[2\] of float32$/,
    ],
    'doubles that are too few': [
      of(tensor({ name: 'w', dims: [2], type: 11, data: field(10, Buffer.alloc(8)) })),
      /the tensor w has 1 elements, which do not fit its shape \[2\] of float64$/,
    ],
    'a complex number without its second part': [
      of(tensor({ name: 'w', dims: [1], type: 14, data: field(4, floats(1)) })),
      /the tensor w has 1 elements, which do not fit its shape \[1\] of complex64$/,
    ],
    'a scalar without its element': [
      of(tensor({ name: 'w', dims: [] })),
      /the tensor w lacks the elements of its shape \[\] of float32$/,
    ],
  };
  for (const [title, [file, finding]] of Object.entries(bad)) {
    test(`are refused with ${title}`, async () => {
      assert.match(await findingsOf('m.onnx', file), finding);
    });
  }

  test('may be elements of any field', async () => {
    await accepted(
      'm.onnx',
      of(
        tensor({ name: 'a', dims: [2], type: 11, data: field(10, Buffer.alloc(16)) }),
        tensor({ name: 'b', dims: [2], type: 6, data: field(5, Buffer.from([1, 2])) }),
        tensor({ name: 'c', dims: [2], type: 13, data: field(11, Buffer.from([1, 2])) }),
        tensor({ name: 'd', dims: [2], data: Buffer.concat([field(4, floats(1)), field(4, floats(1))]) }),
        tensor({ name: 'e', dims: [2], type: 99, raw: floats(5) }),
        tensor({ name: 'f', dims: [0, 3] }),
      ),
    );
  });

  test('have up to 64 dimensions', async () => {
    const wide = (dimensions: number): Buffer =>
      of(tensor({ name: 'w', dims: Array<number>(dimensions).fill(1), raw: floats(1) }));
    assert.deepEqual(await notesOf('m.onnx', wide(64)), []);
    assert.match((await notesOf('m.onnx', wide(65))).join(), /its tensor at byte \d+ has more than 64 dimensions$/);
  });

  suite('that are outside of it', () => {
    const external = (entries: Readonly<Record<string, string>>, dims = [4]): Buffer =>
      of(tensor({ name: 'w', dims, external: entries }));
    const data = { 'w.data': Buffer.alloc(20) };
    const good: Record<string, Readonly<Record<string, string>>> = {
      'without a length': { location: 'w.data' },
      'up to the last byte': { location: 'w.data', offset: '4' },
      'with their length': { location: 'w.data', offset: '4', length: '16' },
      'with more bytes than are needed': { location: 'w.data', length: '20' },
      'with a property that is not known': { location: 'w.data', checksum: 'x' },
    };
    for (const [title, entries] of Object.entries(good)) {
      test(`${title} are accepted`, async () => {
        await accepted('m.onnx', external(entries), data);
      });
    }
    const WHERE = /does not state the location of the external data of the tensor w$/;
    const wrong: Record<string, [Readonly<Record<string, string>>, RegExp]> = {
      'without a location': [{ length: '16' }, WHERE],
      'with a negative offset': [{ location: 'w.data', offset: '-1' }, WHERE],
      'with an offset that is not a number': [{ location: 'w.data', offset: 'x' }, WHERE],
      'with an end above 2^53': [{ location: 'w.data', offset: '9007199254740990' }, WHERE],
      'with a length that is too short': [
        { location: 'w.data', length: '15' },
        /the tensor w has 15 bytes of external data, but should have 16$/,
      ],
      'beyond the last byte': [
        { location: 'w.data', offset: '5' },
        /the external data w\.data has 20 bytes, but the tensor w needs 21$/,
      ],
    };
    for (const [title, [entries, finding]] of Object.entries(wrong)) {
      test(`${title} are refused`, async () => {
        assert.match(await findingsOf('m.onnx', external(entries), data), finding);
      });
    }

    test('are compared by the tensor that needs most of a file', async () => {
      const at = (name: string, offset: number): Buffer =>
        tensor({ name, dims: [1], external: { location: 'w.data', offset: String(offset) } });
      for (const tensors of [
        [at('a', 18), at('b', 0)],
        [at('b', 0), at('a', 18)],
        [at('b', 0), at('a', 18), at('c', 18)],
      ]) {
        assert.equal(
          await findingsOf('m.onnx', of(...tensors), data),
          'm.onnx: the external data w.data has 20 bytes, but the tensor a needs 22',
        );
      }
    });
  });
});
