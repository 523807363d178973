import { programProblem } from '../program-check';
import type { Way } from './way';

/** The path in the component's environment variable. */
export const environmentVariable: Way = {
  title: ({ component }) => `the environment variable ${component.variable}`,
  find: async ({ component, required, env }) => {
    const file = env[component.variable];
    if (!file) return { reason: 'it is not set' };
    const problem = await programProblem(component, file, required);
    return problem === undefined ? { path: file } : { reason: `${file} can't be used: ${problem}` };
  },
};
