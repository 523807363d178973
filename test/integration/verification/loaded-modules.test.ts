import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import { z } from 'zod';

const ROOT = path.join(__dirname, '..', '..', '..');
const loadedSchema = z.object({ findings: z.array(z.string()), modules: z.array(z.string()) });

suite('the entry ./verification', () => {
  test('loads neither Temporal nor the library for Google credentials', () => {
    const script = `
      const { localDirectory, verifyDirectory } = require('./src/verification');
      localDirectory('emulator/models/files/image/tflite')
        .then((files) => verifyDirectory(files, { format: 'tflite', level: 'content' }))
        .then(({ findings }) => console.log(JSON.stringify({ findings, modules: Object.keys(require.cache) })));`;
    const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { cwd: ROOT });
    const { findings, modules } = loadedSchema.parse(JSON.parse(output.toString()));
    assert.deepEqual(findings, []);
    assert.ok(modules.some((file) => file.includes('verify-directory')));
    const loaded = modules.map((file) => path.relative(ROOT, file));
    const foreign = /@temporalio|google-auth-library|^src\/(?!(verification|internal|google|contract)\/)/;
    assert.deepEqual(
      loaded.filter((file) => foreign.test(file)),
      [],
    );
  });
});
