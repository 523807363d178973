import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Finding } from '../finding';
import { packageOf } from './package';
import { lineOf, type MarkdownFile } from './markdown';

/** Finds `npm run` scripts and subcommands of the package's programs that pages name and that do not exist. */
export function checkCommands(root: string, files: readonly MarkdownFile[]): Finding[] {
  const { name, scripts, bin } = packageOf(root);
  const known = new Map<string, boolean>();

  const isSubcommand = (subcommand: string): boolean => {
    const program = bin[name];
    if (program === undefined) return false;
    const isKnown =
      known.get(subcommand) ??
      spawnSync(process.execPath, [path.join(root, program), subcommand, '--help'], { stdio: 'ignore' }).status === 0;
    known.set(subcommand, isKnown);
    return isKnown;
  };

  const problemsOf = (command: string): string[] => {
    const run = [...command.matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, script = '']) => script);
    const called = [...command.matchAll(new RegExp(`(?:^|npx (?:-y )?|[&|;] *)${name} +([a-z][\\w-]*)`, 'g'))];
    return [
      ...run.filter((script) => !(script in scripts)).map((script) => `package.json has no script ${script}.`),
      ...called
        .map(([, subcommand = '']) => subcommand)
        .filter((subcommand) => !isSubcommand(subcommand))
        .map((subcommand) => `${name} has no command ${subcommand}.`),
    ];
  };

  return files.flatMap(({ file, nodes }) =>
    nodes.flatMap((node) => {
      const isShell = node.type === 'code' && /^(sh|bash|shell|console)$/.test(node.lang ?? '');
      if (!isShell && node.type !== 'inlineCode') return [];
      const first = isShell ? lineOf(node) + 1 : lineOf(node);
      return node.value
        .split('\n')
        .flatMap((text, index) => problemsOf(text.trim()).map((message) => ({ file, line: first + index, message })));
    }),
  );
}
