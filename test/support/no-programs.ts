import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** The compiler that loads TypeScript is the only program that may start. */
const COMPILER = /[\\/]@?esbuild[\\/]/;

/** A function that starts a program, and refuses each one but the compiler. */
function refusing<F extends (...args: never[]) => unknown>(start: F): F {
  return new Proxy(start, {
    apply: (target, self, args: unknown[]) => {
      const program = String(args[0]);
      if (!COMPILER.test(program)) {
        throw new Error(`A unit test starts ${program}. Move the test to test/integration or test/system.`);
      }
      return Reflect.apply(target, self, args) as unknown;
    },
  });
}

// This file is preloaded into the process of each unit test, and into the runner, which starts those processes.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = childProcess;
  const starters = { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync };
  for (const [name, start] of Object.entries(starters)) Object.assign(childProcess, { [name]: refusing(start) });
  syncBuiltinESMExports();
}
