import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { programProblem } from '../program-check';
import { cachedProgram } from './cache';
import { commandFailureReason } from './command-failure';
import { storeProgram } from './stored-program';
import type { Way } from './way';

const run = promisify(execFile);

/** A build from source with `go install`. */
export const goInstall: Way = {
  title: ({ release: { go, version } }) => go && `go install ${go.name}@v${version}`,
  find: async (search) => {
    const { component, release, env } = search;
    const { go, version } = release;
    if (go === undefined) return { reason: 'it cannot be built' };
    const target = cachedProgram(search);
    return storeProgram(search, {
      what: `building ${component.title} ${version} (about ${go.buildTime}, once)`,
      target,
      problem: () => programProblem(component, target, release),
      make: async (folder) => {
        try {
          const args = ['install', '-ldflags', '-s -w', `${go.name}@v${version}`];
          await run('go', args, { env: { ...env, GOBIN: folder }, maxBuffer: 1 << 26 });
        } catch (error) {
          return { reason: commandFailureReason('go', error) };
        }
        return { path: path.join(folder, component.executable) };
      },
    });
  },
};
