import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ExportFiles } from '../../../src/verification/export-files';
import { familyOf } from '../../../src/verification/formats';
import { inspectFile } from '../../../src/verification/inspection';
import { LARGE_EXPORTS, largeArtifact } from '../../support/large-files';

/** Steps between two breaks: about 10 ms. The next break comes after at most 10,000 steps and one piece of work. */
const MAX_STEPS_AT_ONCE = 150_000;
const MIB = 1024 * 1024;

suite('A large valid file', () => {
  for (const { title, format, files } of LARGE_EXPORTS) {
    test(`is inspected completely, with breaks and in little memory: ${title}`, async () => {
      let bytesRead = 0;
      const artifacts = Object.entries(files()).map(([path, file]) =>
        largeArtifact(path, file, (bytes) => {
          bytesRead += bytes;
        }),
      );
      const exported = await ExportFiles.of(artifacts);
      const kinds = familyOf(format, [])?.kinds ?? [];
      for (const { path } of artifacts) {
        const kind = kinds.find(({ pattern }) => pattern.test(path));
        if (kind === undefined) continue;
        const { findings, notes, inspected, work } = await inspectFile(kind.inspect, path, exported);
        assert.deepEqual([findings.texts, notes.texts], [[], []]);
        assert.equal(inspected.length, 1);
        assert.ok(work.steps < 5_000_000, `${work.steps} steps`);
        assert.ok(work.mostStepsAtOnce <= MAX_STEPS_AT_ONCE, `${work.mostStepsAtOnce} steps without a break`);
        assert.ok(work.breaks >= work.steps / MAX_STEPS_AT_ONCE, `${work.breaks} breaks in ${work.steps} steps`);
      }
      assert.ok(bytesRead < 40 * MIB, `${bytesRead} bytes were read`);
    });
  }
});
