import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ArtifactFile } from '../../../src/verification/artifact-file';
import { ChangedFileError } from '../../../src/verification/artifact-file';
import type { Inspection, InspectionContext, Inspector } from '../../../src/verification/inspection';
import { inspectContent } from '../../../src/verification/inspection';
import { LimitError } from '../../../src/verification/readers/limit-error';
import { attempt } from '../../../src/verification/readers/sparse-bytes';
import { waitFor } from '../../../src/verification/readers/work';
import { inspectFiles } from '../../../src/verification/structure';

const MIB = 2 ** 20;

/** A file of zeros. */
function zeros(path: string, bytes: number, read?: ArtifactFile['read']): ArtifactFile {
  return { path, bytes, read: read ?? ((_start, length) => Promise.resolve(Buffer.alloc(length))) };
}

/** Inspects the file `a/b.bin`, with other files beside it. */
function inspect(inspector: Inspector, bytes = 100, ...others: readonly ArtifactFile[]): Promise<Inspection> {
  return inspectFiles([{ pattern: /^a\/b\.bin$/, inspect: inspector }], [zeros('a/b.bin', bytes), ...others]);
}

const reporting =
  (report: (context: InspectionContext) => void): Inspector =>
  (_bytes, context) => {
    report(context);
    return undefined;
  };

suite('An inspection', () => {
  test('reports findings, notes and facts of its file', async () => {
    const inspection = await inspect(
      reporting((context) => {
        context.finding('is damaged');
        context.note('is odd');
        context.limited(new LimitError('c.bin', 'it is large'));
        context.summarize({ kind: 'labels', summary: { lines: 1 } });
      }),
    );
    assert.deepEqual(inspection, {
      findings: ['a/b.bin: is damaged'],
      notes: ['a/b.bin: is odd', 'c.bin: was not fully inspected: it is large'],
      inspected: [{ path: 'a/b.bin', kind: 'labels', summary: { lines: 1 } }],
      used: ['a/b.bin'],
    });
  });

  test('keeps 50 findings and 50 notes of a file, and counts the others', async () => {
    const { findings, notes } = await inspect(
      reporting((context) => {
        for (let number = 0; number < 51; number += 1) {
          context.finding(`${number}`);
          context.note(`${number}`);
        }
      }),
    );
    assert.deepEqual([findings.length, findings.at(-2), findings.at(-1)], [51, 'a/b.bin: 49', 'and 1 more findings']);
    assert.deepEqual([notes.length, notes.at(-1)], [51, 'and 1 more notes']);
  });

  test('keeps 1,000 findings and notes of all files, and 1,000 files', async () => {
    const kinds = [
      {
        pattern: /\.bin$/,
        inspect: reporting((context) => {
          context.finding('x');
          context.note('y');
        }),
      },
    ];
    const files = Array.from({ length: 1_002 }, (_, index) => zeros(`${index}.bin`, 1));
    const { findings, notes, used } = await inspectFiles(kinds, [zeros('empty.bin', 0), ...files]);
    assert.deepEqual([findings.length, findings.at(-1)], [1_000, '999.bin: x']);
    assert.deepEqual([notes.length, notes.at(-2), notes.at(-1)], [1_001, '999.bin: y', 'and 1 more notes']);
    assert.equal(used.length, 1_000);
  });

  test('of more than 1,000 files reports how many were left out', async () => {
    const kinds = [{ pattern: /\.bin$/, inspect: reporting(() => undefined) }];
    const files = Array.from({ length: 1_002 }, (_, index) => zeros(`${index}.bin`, 1));
    assert.deepEqual((await inspectFiles(kinds, files)).notes, ['2 more files were not inspected']);
    assert.deepEqual((await inspectFiles(kinds, files.slice(2))).notes, []);
  });

  test('cuts texts and lists of its facts, and keeps all else', async () => {
    const tensor = { name: `${'n'.repeat(250)}\n`, type: 'x', shape: Array<number>(30).fill(1) };
    const { inspected } = await inspect(
      reporting((context) => {
        context.summarize({
          kind: 'tflite',
          summary: {
            ...{ schemaVersion: 3, subgraphs: 1, operators: 1, tensors: 30, edgeTpu: false },
            ...{ inputs: Array<typeof tensor>(30).fill(tensor), outputs: [] },
          },
        });
      }),
    );
    const [file] = inspected;
    assert.ok(file?.kind === 'tflite');
    assert.deepEqual([file.summary.tensors, file.summary.edgeTpu, file.summary.outputs], [30, false, []]);
    assert.equal(file.summary.inputs.length, 20);
    assert.equal(file.summary.inputs[0]?.name, `${'n'.repeat(199)}…`);
    assert.equal(file.summary.inputs[0].shape?.length, 20);
  });

  test('that starts again forgets what it reported', async () => {
    const { findings, notes, inspected } = await inspect((bytes, context) => {
      context.finding('x');
      context.note('y');
      context.summarize({ kind: 'labels', summary: { lines: 1 } });
      bytes.u8(99);
      return undefined;
    });
    assert.deepEqual([findings.length, notes.length, inspected.length], [1, 1, 1]);
  });

  test('that meets an unexpected error is a note, and what it reported stays', async () => {
    const { findings, notes } = await inspect(
      reporting((context) => {
        context.finding('is damaged');
        throw new TypeError('no such thing');
      }),
    );
    assert.deepEqual(findings, ['a/b.bin: is damaged']);
    assert.deepEqual(notes, ['a/b.bin: was not fully inspected: the inspection failed with TypeError: no such thing']);
  });

  test('of a file that changes is a finding', async () => {
    const changed = zeros('a/b.bin', 10, () => Promise.reject(new ChangedFileError('a/b.bin')));
    const kinds = [{ pattern: /./, inspect: reporting(() => undefined) }];
    assert.deepEqual((await inspectFiles(kinds, [changed])).findings, []);
    const reading: Inspector = (bytes) => {
      bytes.u8(0);
      return undefined;
    };
    const { findings } = await inspectFiles([{ pattern: /./, inspect: reading }], [changed]);
    assert.deepEqual(findings, ['a/b.bin: was replaced or deleted while it was verified']);
  });

  test('rejects with the error of a file that cannot be read, wherever it is read', async () => {
    const failure = new Error('disk failure');
    const broken = zeros('a/c.bin', 10, () => Promise.reject(failure));
    const inspection = inspect(
      function* (bytes, context) {
        const other = context.open('a/c.bin');
        yield* attempt(bytes, () => other?.u8(0));
      },
      100,
      broken,
    );
    await assert.rejects(inspection, failure);
    const cancelled = inspect(function* () {
      yield* waitFor(Promise.reject(failure));
    });
    await assert.rejects(cancelled, failure);
  });

  test('has at most 1,000 waits', async () => {
    const waiting = (count: number): Inspector =>
      function* () {
        for (let wait = 0; wait < count; wait += 1) yield* waitFor(Promise.resolve(wait));
      };
    assert.deepEqual((await inspect(waiting(1_000))).notes, []);
    assert.deepEqual((await inspect(waiting(1_001))).notes, [
      'a/b.bin: was not fully inspected: its parts are too scattered',
    ]);
  });

  test('loads at most 32 MiB of all its files', async () => {
    const others = Array.from({ length: 33 }, (_, index) => zeros(`${index}.bin`, MIB));
    const opening = (count: number): Inspector =>
      function* (bytes, context) {
        for (const { path } of others.slice(0, count)) yield* attempt(bytes, () => context.open(path)?.u8(0));
      };
    assert.deepEqual((await inspect(opening(32), 100, ...others)).notes, []);
    assert.deepEqual((await inspect(opening(33), 100, ...others)).notes, [
      `a/b.bin: was not fully inspected: ${33 * MIB} bytes of it and its files were read`,
    ]);
  });

  test('finds other files by their paths, and they count as used', async () => {
    const { used } = await inspect(
      reporting((context) => {
        assert.equal(context.beside('c.bin'), 'a/c.bin');
        assert.equal(context.beside('../c.bin'), undefined);
        assert.equal(context.above('c.bin'), 'c.bin');
        assert.equal(context.sizeOf('a/c.bin'), 7);
        assert.equal(context.sizeOf('c.bin'), undefined);
        assert.equal(context.sizeOf(undefined), undefined);
        assert.equal(context.open(undefined), undefined);
        assert.equal(context.open('c.bin'), undefined);
        const opened = context.open('d.bin');
        assert.equal(opened?.size, 8);
        assert.equal(context.open('d.bin'), opened);
      }),
      100,
      ...[zeros('a/c.bin', 7), zeros('d.bin', 8), zeros('e.bin', 9)],
    );
    assert.deepEqual(used, ['a/b.bin', 'a/c.bin', 'd.bin']);
  });

  test('of a file at the top has no directory above it', async () => {
    const seen: (string | undefined)[] = [];
    const inspector = reporting((context) => seen.push(context.above('c.bin'), context.beside('c.bin')));
    await inspectFiles([{ pattern: /./, inspect: inspector }], [zeros('b.bin', 1)]);
    assert.deepEqual(seen, [undefined, 'c.bin']);
  });

  test('of content in memory passes on what its work throws, and waits for what it asks for', async () => {
    const content = Buffer.from('abc');
    const work = inspectContent('x', content, function* (bytes) {
      return `${yield* waitFor(Promise.resolve('waited'))} ${bytes.slice(1, 2).toString()}`;
    });
    assert.equal(await work, 'waited bc');
    await assert.rejects(
      inspectContent('x', content, function* (bytes) {
        yield undefined;
        bytes.u8(3);
      }),
      { path: 'x', message: 'is cut off or damaged: the bytes 3 to 4 belong to it, but the file has 3' },
    );
  });
});
