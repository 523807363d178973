import { createRequire } from 'node:module';
import path from 'node:path';
import { mock } from 'node:test';
import { TestCollector, type CollectedTest, type Scope } from './collected-tests';
import { outcomeOf, type Body } from './test-outcome';

/** What StrykerJS counts for each mutant: how many times the code of the mutant ran. */
type Counts = Record<string, number>;

/** The object that StrykerJS's instrumented code shares with a test runner. Files keep references to it. */
interface Namespace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { static: Counts; perTest: Record<string, Counts> };
}

interface MutantRun {
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly activeMutant: { readonly id: string };
  readonly mutantActivation: 'runtime' | 'static';
  readonly reloadEnvironment: boolean;
}

interface TestResult {
  readonly id: string;
  readonly name: string;
  readonly fileName: string;
  readonly timeSpentMs: number;
  readonly status: 0 | 1;
  readonly failureMessage?: string;
}

/** The test files are named by this variable, since StrykerJS passes no own options of a plugin to its processes. */
export const TEST_FILES = 'MUTATION_TEST_FILES';
/** This variable has the time after which no further mutant is tried, in milliseconds since 1970. */
export const STOP_AT = 'MUTATION_STOP_AT';

const HOOK_LIMIT_MS = 10_000;

/**
 * A test runner for StrykerJS that keeps its process: it loads the tests once, and runs for each mutant only the tests
 * that reach it. A process per test file and mutant takes most of its time to load.
 */
class InProcessRunner {
  private readonly root = process.cwd();
  private readonly namespace: Namespace;
  private readonly collector = new TestCollector();
  private tests: CollectedTest[] = [];
  private isFresh = false;
  /** How long each test takes without a change, in milliseconds. */
  private readonly durations = new Map<string, number>();

  constructor() {
    const shared = globalThis as { __stryker__?: Namespace };
    this.namespace = shared.__stryker__ ??= {};
    this.collector.install();
  }

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async dryRun(): Promise<object> {
    this.load();
    const results: TestResult[] = [];
    await this.run(this.tests, (result) => {
      results.push(result);
      this.durations.set(result.id, result.timeSpentMs);
      return true;
    });
    return { status: 'complete', tests: results, mutantCoverage: this.namespace.mutantCoverage };
  }

  async mutantRun(run: MutantRun): Promise<object> {
    // StrykerJS leaves errors out of the score.
    if (Date.now() > Number(process.env[STOP_AT] ?? Infinity)) return { status: 'error', errorMessage: 'not tried' };
    this.namespace.hitLimit = run.hitLimit;
    this.namespace.hitCount = run.hitLimit === undefined ? undefined : 0;
    if (run.mutantActivation === 'static') this.namespace.activeMutant = run.activeMutant.id;
    try {
      if (run.reloadEnvironment || !this.isFresh) this.load();
    } catch (error) {
      this.isFresh = false;
      this.namespace.activeMutant = undefined;
      return { status: 'killed', killedBy: ['load'], failureMessage: String(error), nrOfTests: 0 };
    }
    this.namespace.activeMutant = run.activeMutant.id;
    const filter = run.testFilter && new Set(run.testFilter);
    const failed: TestResult[] = [];
    let count = 0;
    await this.run(
      // Most mutants are found by one of the short tests.
      this.tests.filter(({ id }) => !filter || filter.has(id)).sort((a, b) => this.duration(a) - this.duration(b)),
      (result) => {
        count += 1;
        if (result.status === 1) failed.push(result);
        return result.status === 0;
      },
    );
    this.namespace.activeMutant = undefined;
    // What a changed module computed, or what a failed test left behind, must not reach the next mutant.
    if (run.mutantActivation === 'static' || failed.length > 0) this.isFresh = false;
    const [first] = failed;
    if (first === undefined) return { status: 'survived', nrOfTests: count };
    return { status: 'killed', killedBy: [first.id], failureMessage: first.failureMessage ?? '', nrOfTests: count };
  }

  private duration({ id }: CollectedTest): number {
    return this.durations.get(id) ?? 0;
  }

  private load(): void {
    const require = createRequire(path.join(this.root, 'package.json'));
    for (const file of Object.keys(require.cache)) {
      if (file.startsWith(this.root) && !file.includes('/node_modules/')) Reflect.deleteProperty(require.cache, file);
    }
    this.namespace.currentTestId = undefined;
    this.tests = (process.env[TEST_FILES] ?? '').split(',').flatMap((file) =>
      this.collector.collect(file, () => {
        require(path.join(this.root, file));
      }),
    );
    this.isFresh = true;
  }

  /** Runs tests, file by file and suite by suite, until `onResult` returns false. */
  private async run(tests: readonly CollectedTest[], onResult: (result: TestResult) => boolean): Promise<void> {
    let open: readonly Scope[] = [];
    let setUpFailure: string | undefined;
    const close = async (from: number): Promise<void> => {
      for (const scope of open.slice(from).reverse())
        for (const hook of scope.after) await outcomeOf(hook, {}, HOOK_LIMIT_MS);
      open = open.slice(0, from);
    };
    for (const test of tests) {
      this.namespace.currentTestId = test.id;
      const shared = test.scopes.findIndex((scope, index) => open[index] !== scope);
      await close(shared === -1 ? test.scopes.length : shared);
      for (const scope of test.scopes.slice(open.length)) {
        if (open.length === 0) setUpFailure = undefined;
        open = [...open, scope];
        for (const hook of scope.before) setUpFailure ??= await outcomeOf(hook, {}, HOOK_LIMIT_MS);
      }
      const started = performance.now();
      const failure = setUpFailure ?? (await runTest(test, 3_000 + 5 * (this.durations.get(test.id) ?? 12_000)));
      this.namespace.currentTestId = undefined;
      const result = {
        id: test.id,
        name: test.id,
        fileName: path.join(this.root, test.file),
        timeSpentMs: performance.now() - started,
      };
      const next = failure === undefined ? { ...result, status: 0 as const } : { ...result, status: 1 as const };
      if (!onResult(failure === undefined ? next : { ...next, failureMessage: failure })) break;
    }
    await close(0);
  }
}

async function runTest(test: CollectedTest, limitMs: number): Promise<string | undefined> {
  const after: Body[] = [];
  // The class of `mock` is not exported by `node:test`.
  const tracker = new (mock.constructor as new () => typeof mock)();
  const context = { name: test.id, mock: tracker, after: (hook: Body) => after.push(hook) };
  let failure: string | undefined;
  for (const scope of test.scopes)
    for (const hook of scope.beforeEach) failure ??= await outcomeOf(hook, context, HOOK_LIMIT_MS);
  failure ??= await outcomeOf(test.body, context, limitMs);
  for (const hook of after) failure ??= await outcomeOf(hook, context, HOOK_LIMIT_MS);
  for (const scope of test.scopes)
    for (const hook of scope.afterEach) failure ??= await outcomeOf(hook, context, HOOK_LIMIT_MS);
  tracker.reset();
  mock.reset();
  return failure;
}

const createRunner = (): InProcessRunner => new InProcessRunner();
createRunner.inject = [] as const;

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', factory: createRunner }];
