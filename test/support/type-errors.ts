import { createRequire } from 'node:module';
import path from 'node:path';
import type ts from 'typescript';
import { z } from 'zod';

/** Settings of a project that uses the package. */
export interface CompilerSettings {
  readonly module: string;
  readonly moduleResolution: string;
}

const compilerSchema = z.custom<typeof ts>(
  (value) => z.object({ version: z.string(), createProgram: z.unknown() }).safeParse(value).success,
  'is not the TypeScript compiler',
);

const PACKAGE = '/node_modules/temporal-vertex-export/';

/**
 * Compiles files of a project with a version of TypeScript that the project has installed. Declarations of this package
 * are checked, too; those of other packages are not, because they have errors with some of the settings.
 *
 * @param compiler name of the installed package
 * @returns the errors with their files
 */
export function typeErrors(
  project: string,
  compiler: string,
  files: readonly string[],
  settings: CompilerSettings,
): string[] {
  const load = createRequire(path.join(project, 'package.json'));
  const typescript = compilerSchema.parse(load(compiler));
  const isDeprecated = settings.moduleResolution === 'node10' && Number.parseInt(typescript.version, 10) >= 6;
  const { options, errors } = typescript.convertCompilerOptionsFromJson(
    {
      ...settings,
      ...(isDeprecated && { ignoreDeprecations: '6.0' }),
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    },
    project,
  );
  const program = typescript.createProgram([...files], options, typescript.createCompilerHost(options));
  const checked = program
    .getSourceFiles()
    .filter(({ fileName }) => files.includes(path.normalize(fileName)) || fileName.includes(PACKAGE));
  const found = checked.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  return [...errors, ...program.getOptionsDiagnostics(), ...found].map(({ file, messageText }) => {
    const place = file === undefined ? 'settings' : path.relative(project, file.fileName);
    return `${place}: ${typescript.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
