import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isWellFormed } from '../../../src/internal/text';
import { ExportFiles } from '../../../src/verification/export-files';
import { familyOf } from '../../../src/verification/formats';
import { inspectFile } from '../../../src/verification/inspection';
import { inspectFiles } from '../../../src/verification/structure';
import { fixture } from '../../support/inspection';
import { ARCHIVE_FILE_CASES } from './archive-file-cases';
import type { FileCase, GeneratedFile, Reads } from './file-cases';
import { artifact } from './file-cases';
import { JSON_FILE_CASES } from './json-file-cases';
import { MESSAGE_FILE_CASES } from './message-file-cases';

const CASES = [...JSON_FILE_CASES, ...MESSAGE_FILE_CASES, ...ARCHIVE_FILE_CASES];

const MIB = 1024 * 1024;
/** The most bytes that the inspection of a file may read, including the files that it refers to. */
const MAX_READ_BYTES = 160 * MIB;
/** The most steps of an inspection in total and without a break. The last step may exceed them. */
const MAX_STEPS = 10_300_000;
const MAX_STEPS_AT_ONCE = 520_000;
/** The most findings or notes of a file, including the line that counts the others. */
const MAX_MESSAGES = 51;

function checkMessages(messages: readonly string[]): void {
  assert.ok(messages.length <= MAX_MESSAGES, `${messages.length} messages`);
  for (const message of messages) {
    assert.ok(message.length > 0 && message.length <= 300, `${message.length} characters`);
    assert.ok(isWellFormed(message), 'it is valid Unicode');
    assert.doesNotMatch(message, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  }
}

async function inspectCase({ format, path, file, beside = {} }: FileCase) {
  const reads: Reads = { bytes: 0, count: 0 };
  const all: Record<string, Buffer | GeneratedFile> = { ...beside, [path]: file };
  const files = Object.entries(all).map(([name, content]) => artifact(name, content, reads));
  const paths = files.map((entry) => entry.path);
  const kind = familyOf(format, paths)?.kinds.find(({ pattern }) => pattern.test(path));
  assert.ok(kind, 'its kind is known');
  const inspection = await inspectFile(kind.inspect, path, await ExportFiles.of(files));
  return { ...inspection, work: inspection.work, reads };
}

suite('A hostile file', () => {
  for (const hostile of CASES) {
    test(`is inspected within all limits: ${hostile.title}`, async () => {
      const { findings, notes, inspected, work, reads } = await inspectCase(hostile);
      checkMessages(findings.texts);
      checkMessages(notes.texts);
      assert.ok(Buffer.byteLength(JSON.stringify(inspected)) < 200_000);
      assert.ok(work.steps <= MAX_STEPS, `${work.steps} steps`);
      assert.ok(work.mostStepsAtOnce <= MAX_STEPS_AT_ONCE, `${work.mostStepsAtOnce} steps without a break`);
      assert.ok(
        work.breaks >= Math.floor(work.steps / MAX_STEPS_AT_ONCE),
        `${work.breaks} breaks in ${work.steps} steps`,
      );
      assert.ok(reads.bytes <= MAX_READ_BYTES && reads.count <= 2_100, `${reads.bytes} bytes in ${reads.count} reads`);
      if (hostile.isAccepted) assert.deepEqual(findings.texts, []);
      if (hostile.finding) assert.match(findings.texts.join('\n'), hostile.finding);
      if (hostile.note) assert.match(notes.texts.join('\n'), hostile.note);
    });
  }

  test('exists in at least 60 variants', () => {
    assert.ok(CASES.length >= 60);
    assert.equal(new Set(CASES.map(({ title }) => title)).size, CASES.length);
  });
});

suite('A valid file', () => {
  const good: Readonly<Record<string, string>> = {
    'image/tflite': 'tflite',
    'image/tf-saved-model': 'tf-saved-model',
    'image/tf-js': 'tf-js',
    'image/core-ml': 'core-ml',
    tuned: 'custom-trained',
    'custom/artifact': 'custom-trained',
  };

  test('passes when it is inspected together with hostile files and after them', async () => {
    const reads: Reads = { bytes: 0, count: 0 };
    for (const [folder, format] of Object.entries(good)) {
      const hostile = CASES.filter((entry) => entry.format === format);
      const files = [
        ...Object.entries(fixture(folder)).map(([name, content]) => artifact(`good/${name}`, content, reads)),
        ...hostile.slice(0, 12).map(({ path, file }, index) => artifact(`bad-${index}/${path}`, file, reads)),
      ];
      const { findings, notes, inspected } = await inspectFiles(familyOf(format, [])?.kinds ?? [], files);
      assert.deepEqual(
        [...findings, ...notes].filter((message) => message.startsWith('good/')),
        [],
      );
      assert.ok(inspected.some(({ path }) => path.startsWith('good/')));
    }
  });
});
