import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** Packs the built package into a folder, and returns the path of the tarball. */
export function packTarball(folder: string): string {
  const output = execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: path.join(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  return path.join(folder, output.trim());
}
