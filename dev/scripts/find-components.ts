import { COMPONENTS } from '../../src/testing/services/components';
import { findComponents } from '../../src/testing/services/find-component';

/** Finds the programs that the demo needs, and prints their paths as one line of JSON. */
async function main(): Promise<void> {
  const found = await findComponents(['temporal']);
  const paths = [...found].map(([name, file]) => [COMPONENTS[name].executable, file]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(paths))}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
