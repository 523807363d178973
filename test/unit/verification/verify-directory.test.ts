import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { crc32c } from '@node-rs/crc32';
import type { ArtifactFile } from '../../../src/verification';
import { localDirectory, verifyDirectory } from '../../../src/verification';
import { temporaryFolder } from '../../support/models';

const ROOT = path.join(__dirname, '..', '..', '..');
const MODEL_FILES = path.join(ROOT, 'emulator', 'models', 'files');
const NOTHING_RECORDED =
  'no file has a recorded checksum: every byte was read, but there was nothing to compare the bytes with';

/** Folders of the models that the emulator ships, with the format of each. */
const FOLDERS: Readonly<Record<string, string>> = {
  'image/tflite': 'tflite',
  'image/edgetpu-tflite': 'edgetpu-tflite',
  'image/tf-saved-model': 'tf-saved-model',
  'image/tf-js': 'tf-js',
  'image/core-ml': 'core-ml',
  'tabular-1': 'tf-saved-model',
  'tabular-2': 'tf-saved-model',
  'custom/artifact': 'custom-trained',
  tuned: 'custom-trained',
};

/** A copy of a shipped model that a test may change. */
function copyOf(folder: string): string {
  const copy = path.join(temporaryFolder('vertex-export-directory-'), 'model');
  cpSync(path.join(MODEL_FILES, folder), copy, { recursive: true });
  return copy;
}

function memoryFile(name: string, content: string, recorded: Partial<ArtifactFile> = {}): ArtifactFile {
  const bytes = Buffer.from(content);
  return {
    path: name,
    bytes: bytes.length,
    read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
    ...recorded,
  };
}

function checksumsOf(content: string): { crc32c: string; md5: string } {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(content));
  return { crc32c: checksum.toString('base64'), md5: createHash('md5').update(content).digest('base64') };
}

suite('verifyDirectory', () => {
  for (const [folder, format] of Object.entries(FOLDERS)) {
    test(`has no findings for the shipped model ${folder}, and reports the inspected files`, async () => {
      const files = await localDirectory(path.join(MODEL_FILES, folder));
      const { findings, notes, inspected } = await verifyDirectory(files, { format, level: 'content' });
      assert.deepEqual(findings, []);
      assert.ok(inspected.length > 0);
      assert.equal(notes.at(-1), NOTHING_RECORDED);
      assert.equal(notes.filter((note) => note.includes('crc32c')).length, 0);
    });
  }

  test('reports a file that was cut off, at the default level', async () => {
    const model = copyOf('image/tflite');
    truncateSync(path.join(model, 'model.tflite'), 2_000);
    const { findings } = await verifyDirectory(await localDirectory(model), { format: 'tflite' });
    assert.match(findings.join('\n'), /^model\.tflite: is cut off/);
  });

  test('does not inspect files at the level listing, but reports a missing file', async () => {
    const files = [memoryFile('variables/variables.index', 'x'), memoryFile('model.tflite', 'not a model')];
    const saved = await verifyDirectory(files, { format: 'tf-saved-model', level: 'listing' });
    assert.deepEqual(saved.findings, ['saved_model.pb is missing']);
    assert.deepEqual(saved.notes, ['model.tflite is not a file of this format']);
    const tflite = await verifyDirectory(files, { format: 'tflite', level: 'listing' });
    assert.deepEqual(tflite.findings, []);
    assert.deepEqual(tflite.inspected, []);
  });

  test('compares every byte with the recorded checksums at the level content only', async () => {
    const good = memoryFile('good.bin', 'good', checksumsOf('good'));
    const bad = memoryFile('bad.bin', 'bad!', checksumsOf('good'));
    const options = { format: 'custom-trained', level: 'content' } as const;
    const { findings, notes } = await verifyDirectory([good, bad], options);
    const [actual, recorded] = [checksumsOf('bad!'), checksumsOf('good')];
    assert.deepEqual(findings, [
      `bad.bin: its bytes have the crc32c ${actual.crc32c}, but ${recorded.crc32c} is recorded`,
      `bad.bin: its bytes have the md5 ${actual.md5}, but ${recorded.md5} is recorded`,
    ]);
    assert.deepEqual(notes, ['no file is of a kind that can be inspected']);
    const structure = await verifyDirectory([good, bad], { ...options, level: 'structure' });
    assert.deepEqual(structure.findings, []);
  });

  test('has one checksum of a file suffice', async () => {
    const { crc32c: checksum, md5 } = checksumsOf('a');
    for (const recorded of [{ crc32c: checksum }, { md5 }]) {
      const files = [memoryFile('a.bin', 'a', recorded)];
      const { findings, notes } = await verifyDirectory(files, { format: 'custom-trained', level: 'content' });
      assert.deepEqual([findings, notes], [[], ['no file is of a kind that can be inspected']]);
    }
  });

  test('names the files without a crc32c if others have one', async () => {
    const files = [memoryFile('a.bin', 'a', checksumsOf('a')), memoryFile('b.bin', 'b')];
    const { notes } = await verifyDirectory(files, { format: 'custom-trained', level: 'content' });
    assert.deepEqual(notes, ['b.bin has no crc32c', 'no file is of a kind that can be inspected']);
  });

  test('reports an empty directory', async () => {
    const { findings, notes } = await verifyDirectory([], { format: 'tflite', level: 'content' });
    assert.equal(findings[0], 'there is no file in the directory');
    assert.ok(!notes.includes(NOTHING_RECORDED));
  });

  test('names the known formats and levels if one is not known', async () => {
    await assert.rejects(verifyDirectory([], { format: 'saved-model' }), {
      name: 'RangeError',
      message:
        'Unknown format "saved-model". Use one of: tflite, edgetpu-tflite, tf-saved-model, tf-js, core-ml, custom-trained.',
    });
    // @ts-expect-error: not a level
    await assert.rejects(verifyDirectory([], { format: 'tflite', level: 'contents' }), {
      message: 'Unknown level "contents". Use one of: listing, structure, content.',
    });
  });

  test('passes on the error of a file that cannot be read', async () => {
    const file = memoryFile('model.tflite', 'x'.repeat(100), { read: () => Promise.reject(new Error('disk failure')) });
    await assert.rejects(verifyDirectory([file], { format: 'tflite' }), /disk failure/);
  });
});

suite('localDirectory', () => {
  test('lists files of subdirectories and follows links inside the directory', async () => {
    const root = temporaryFolder('vertex-export-directory-');
    mkdirSync(path.join(root, 'b'));
    writeFileSync(path.join(root, 'b', 'c.txt'), 'content');
    symlinkSync(path.join('b', 'c.txt'), path.join(root, 'a.txt'));
    symlinkSync('.', path.join(root, 'b', 'loop'));
    symlinkSync('b', path.join(root, 'd'));
    const files = await localDirectory(root);
    assert.deepEqual(
      files.map(({ path: name, bytes }) => `${name} ${bytes}`),
      ['a.txt 7', 'b/c.txt 7', 'd/c.txt 7'],
    );
    assert.equal((await files[0]?.read(2, 3))?.toString(), 'nte');
  });

  test('lists files in the order of their paths, not of their folders', async () => {
    const root = temporaryFolder('vertex-export-directory-');
    for (const folder of ['b', 'a']) mkdirSync(path.join(root, folder));
    for (const file of ['b.txt', 'b/z', 'b/a', 'a/x', 'B', 'c']) writeFileSync(path.join(root, file), '');
    assert.deepEqual(
      (await localDirectory(root)).map(({ path: name }) => name),
      ['B', 'a/x', 'b.txt', 'b/a', 'b/z', 'c'],
    );
  });

  test('accepts a directory that is itself a link', async () => {
    const folder = temporaryFolder('vertex-export-directory-');
    symlinkSync(path.join(MODEL_FILES, 'image', 'tflite'), path.join(folder, 'model'));
    const files = await localDirectory(path.join(folder, 'model'));
    assert.deepEqual(
      files.map(({ path: name }) => name),
      ['model.tflite'],
    );
  });

  for (const kind of ['file', 'directory'] as const) {
    test(`rejects a link to a ${kind} outside of the directory`, async () => {
      const folder = temporaryFolder('vertex-export-directory-');
      const model = path.join(folder, 'model');
      // Its name begins like the directory's: a comparison of text alone would accept it.
      const outside = path.join(folder, 'model-2');
      mkdirSync(model);
      mkdirSync(outside);
      writeFileSync(path.join(outside, 'secret'), 'x');
      symlinkSync(kind === 'file' ? path.join(outside, 'secret') : outside, path.join(model, 'link'));
      await assert.rejects(localDirectory(model), {
        name: 'LinkOutsideError',
        message: /^link is a symbolic link to /,
      });
    });
  }

  const changes: Readonly<Record<string, (file: string) => void>> = {
    'is cut off': (file) => {
      truncateSync(file, 10);
    },
    'is deleted': (file) => {
      rmSync(file);
    },
    'was written again with as many bytes': (file) => {
      utimesSync(file, 1, 1);
    },
    'is longer': (file) => {
      writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from('x')]));
    },
  };
  for (const [title, change] of Object.entries(changes)) {
    test(`lets the verification report a file that ${title} after the listing`, async () => {
      const model = copyOf('image/tflite');
      const files = await localDirectory(model);
      change(path.join(model, 'model.tflite'));
      const { findings } = await verifyDirectory(files, { format: 'tflite' });
      assert.deepEqual(findings, ['model.tflite: was replaced or deleted while it was verified']);
    });
  }

  test('passes on an error other than that a file does not exist any more', async () => {
    const model = copyOf('image/tflite');
    const [file] = await localDirectory(model);
    rmSync(path.join(model, 'model.tflite'));
    mkdirSync(path.join(model, 'model.tflite'));
    await assert.rejects(file?.read(0, 1) ?? Promise.resolve(), { code: 'EISDIR' });
  });

  test('rejects if the directory does not exist', async () => {
    await assert.rejects(localDirectory(path.join(MODEL_FILES, 'nothing')), { code: 'ENOENT' });
  });
});
