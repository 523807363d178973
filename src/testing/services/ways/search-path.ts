import path from 'node:path';
import { NO_FILE, programProblem } from '../program-check';
import type { Way } from './way';

/** The folders of `PATH`. */
export const searchPath: Way = {
  title: () => 'PATH',
  find: async ({ component, required, env }) => {
    const problems: string[] = [];
    for (const folder of (env['PATH'] ?? '').split(path.delimiter).filter(Boolean)) {
      const file = path.join(folder, component.executable);
      const problem = await programProblem(component, file, required);
      if (problem === undefined) return { path: file };
      if (problem !== NO_FILE) problems.push(`${file}: ${problem}`);
    }
    return {
      reason: problems.length > 0 ? problems.join('; ') : `no folder has an executable named ${component.executable}`,
    };
  },
};
