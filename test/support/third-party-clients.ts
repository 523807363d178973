import { createHash } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { downloaded, execute, installed } from './installing';

/** Programs and package lists of other people's clients. */
export const THIRD_PARTY_FOLDER = path.join(__dirname, '..', 'third-party');

/** Folder whose `node_modules` has the packages of `test/third-party/package.json`. */
export async function nodePackages(): Promise<string> {
  const files = ['package.json', 'package-lock.json'];
  const name = path.join('clients', `node-${await hashOf(files)}`);
  return installed(name, 'packages of other people for Node.js', async (folder) => {
    for (const file of files) await copyFile(path.join(THIRD_PARTY_FOLDER, file), path.join(folder, file));
    await downloaded(() => execute(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder));
  });
}

/** Folder with the packages of `test/third-party/requirements.txt`, to be named in `PYTHONPATH`. */
export async function pythonPackages(): Promise<string> {
  const file = 'requirements.txt';
  // Wheels belong to one version of Python.
  const tag = await execute(['python3', '-c', 'import sys; print(sys.implementation.cache_tag, end="")']);
  const name = path.join('clients', `${tag}-${await hashOf([file])}`);
  return installed(name, 'packages of other people for Python', async (folder) => {
    const list = path.join(THIRD_PARTY_FOLDER, file);
    const options = ['--quiet', '--disable-pip-version-check', '--only-binary=:all:', `--target=${folder}`];
    await downloaded(() => execute(['python3', '-m', 'pip', 'install', ...options, '-r', list]));
  });
}

/** Why Python packages can't be installed; undefined if they can. */
export async function pythonProblem(): Promise<string | undefined> {
  try {
    await execute(['python3', '-m', 'pip', '--version']);
    return undefined;
  } catch {
    return 'python3 with pip is not on PATH';
  }
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(path.join(THIRD_PARTY_FOLDER, file)));
  return hash.digest('hex').slice(0, 16);
}
