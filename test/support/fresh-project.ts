import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { packTarball } from '../../dev/scripts/pack-tarball';
import { temporaryFolder } from './models';

const execute = promisify(execFile);

/** Packages of the project, pinned by a lock file. The SDK's packages are not: npm installs them as peers. */
const PACKAGES = path.join(__dirname, '..', 'fresh-project');

const UNREACHABLE = /E(?:CONNREFUSED|CONNRESET|AI_AGAIN|NOTFOUND|TIMEDOUT|NETUNREACH|HOSTUNREACH)/;

const failureSchema = z.object({ stdout: z.string(), stderr: z.string() });

/** Module systems of a project, as its `package.json` names them. */
export type ModuleType = 'commonjs' | 'module';

/** A project outside of the repository that has installed the packed tarball. */
export class FreshProject {
  private constructor(readonly folder: string) {}

  /**
   * Packs the built package and installs it with npm, which takes a minute or less.
   *
   * @returns the project, or why npm cannot reach its registry
   * @throws Error with npm's output if npm fails for another reason
   */
  static async install(): Promise<FreshProject | { readonly unreachable: string }> {
    const project = new FreshProject(realpathSync(temporaryFolder('vertex-export-fresh-')));
    for (const file of ['package.json', 'package-lock.json']) {
      copyFileSync(path.join(PACKAGES, file), path.join(project.folder, file));
    }
    const options = ['--no-audit', '--no-fund', '--prefer-offline'];
    try {
      // An installation without a registry retries for minutes; one question does not.
      await project.run('.', 'npm', ['view', 'tsx', 'version', '--fetch-retries=0']);
      await project.run('.', 'npm', ['install', ...options, packTarball(project.folder)]);
    } catch (error) {
      const code = UNREACHABLE.exec(String(error))?.[0];
      if (code === undefined) throw error;
      return { unreachable: `npm cannot reach its registry: ${code}` };
    }
    return project;
  }

  /** Writes files into a folder of the project with its own module system. */
  write(folder: string, type: ModuleType, files: Readonly<Record<string, string>>): void {
    mkdirSync(path.join(this.folder, folder), { recursive: true });
    const all = { 'package.json': JSON.stringify({ type }), ...files };
    for (const [name, text] of Object.entries(all)) writeFileSync(path.join(this.folder, folder, name), text);
  }

  /**
   * Runs a program in a folder of the project, and returns its output.
   *
   * @throws Error with the output if the program fails
   */
  async run(folder: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    // A test runner that this one started would report to it instead of writing its results.
    const inherited = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const options = { cwd: path.join(this.folder, folder), env: { ...inherited, ...env }, maxBuffer: 16 * 1024 * 1024 };
    try {
      const { stdout, stderr } = await execute(program, args, options);
      return stdout + stderr;
    } catch (error) {
      const output = failureSchema.safeParse(error).data;
      const text = output === undefined ? String(error) : `${output.stdout}\n${output.stderr}`;
      throw new Error(`${[program, ...args].join(' ')} failed:\n${text}`, { cause: error });
    }
  }
}
