import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { packTarball } from './pack-tarball';
import { withPublicAddress, withPublicLinks } from './public-address';

const manifestSchema = z.looseObject({ version: z.string() });
const PAGES = ['README.md', 'CHANGELOG.md'];

/**
 * Makes the tarball of a release in the current folder: the package, with the public address of the repository in its
 * package.json and pages. Publish it by `npm publish FILE`.
 */
function release(): void {
  const given = process.argv[2] ?? process.env['PUBLIC_URL'];
  if (given === undefined)
    throw new Error('The public address is missing: run npm run release -- https://HOST/OWNER/NAME');
  const url = z
    .url({ protocol: /^https$/ })
    .parse(given)
    .replace(/\/+$|\.git$/g, '');
  const folder = mkdtempSync(path.join(tmpdir(), 'vertex-export-release-'));
  try {
    execFileSync('npm', ['run', '--silent', 'prepack'], { stdio: 'inherit', cwd: path.join(__dirname, '..', '..') });
    execFileSync('tar', ['-xzf', packTarball(folder), '-C', folder]);
    const copy = path.join(folder, 'package');
    const manifestFile = path.join(copy, 'package.json');
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')));
    writeFileSync(manifestFile, `${JSON.stringify(withPublicAddress(manifest, url), undefined, 2)}\n`);
    for (const page of PAGES) {
      const file = path.join(copy, page);
      writeFileSync(file, withPublicLinks(readFileSync(file, 'utf8'), { url, tag: `v${manifest.version}` }));
    }
    execFileSync('npm', ['pack', copy, '--ignore-scripts'], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

release();
