import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packTarball } from './pack-tarball';

/** Checks the packed tarball with publint and are-the-types-wrong. */
const folder = mkdtempSync(path.join(tmpdir(), 'vertex-export-package-'));
try {
  const tarball = packTarball(folder);
  const bin = (name: string): string => path.join(__dirname, '..', '..', 'node_modules', '.bin', name);
  execFileSync(bin('publint'), ['run', tarball, '--strict'], { stdio: 'inherit' });
  // Schemas are JSON and have no types.
  const ignored = ['--exclude-entrypoints', './schemas/*.json'];
  execFileSync(bin('attw'), [tarball, ...ignored, '--no-emoji'], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
