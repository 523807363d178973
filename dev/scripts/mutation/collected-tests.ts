import Module from 'node:module';
import nodeTest from 'node:test';
import type { Body } from './test-outcome';

/** One test, with the hooks of its file and of its suites, outermost first. */
export interface CollectedTest {
  /** The file, the suites and the title. Unique within a run. */
  readonly id: string;
  readonly file: string;
  readonly body: Body;
  readonly scopes: readonly Scope[];
}

/** The hooks of a file or of a suite. */
export interface Scope {
  readonly title: string;
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}

const scopeOf = (title: string): Scope => ({ title, before: [], after: [], beforeEach: [], afterEach: [] });

/**
 * Takes the place of `node:test` for the test files that are loaded in this process: tests are collected, not started,
 * so that they can run once for each mutant without a new process. Only the functions that the unit tests use exist.
 */
export class TestCollector {
  private tests: CollectedTest[] = [];
  private scopes: Scope[] = [];
  private file = '';

  /** Loads a file with `load`, and returns its tests. */
  collect(file: string, load: () => void): CollectedTest[] {
    this.tests = [];
    this.scopes = [scopeOf(file)];
    this.file = file;
    load();
    return this.tests;
  }

  /** Makes `require('node:test')` return the functions of this collector. */
  install(): void {
    const replacement = this.functions();
    const loader: { _load: (...args: unknown[]) => unknown } = Module as unknown as never;
    const original = loader._load;
    loader._load = function (...args) {
      return args[0] === 'node:test' ? replacement : original.apply(this, args);
    };
  }

  private functions(): object {
    // The options of suites and tests, such as a limit of time, are those of the runner.
    const suite = (title: string, ...rest: readonly unknown[]): void => {
      const body = rest.at(-1);
      this.scopes = [...this.scopes, scopeOf(title)];
      if (isBody(body)) void body({}, () => undefined);
      this.scopes = this.scopes.slice(0, -1);
    };
    const test = (title: string, ...rest: readonly unknown[]): void => {
      const body = rest.at(-1);
      if (!isBody(body)) return;
      const titles = [...this.scopes.map((scope) => scope.title), title];
      // Titles may repeat within a file.
      const id = `${titles.join(' > ')} #${this.tests.length}`;
      this.tests.push({ id, file: this.file, body, scopes: this.scopes });
    };
    const hook = (kind: 'before' | 'after' | 'beforeEach' | 'afterEach') => (body: Body) => {
      this.scopes.at(-1)?.[kind].push(body);
    };
    return {
      suite,
      test,
      mock: nodeTest.mock,
      before: hook('before'),
      after: hook('after'),
      beforeEach: hook('beforeEach'),
      afterEach: hook('afterEach'),
    };
  }
}

function isBody(value: unknown): value is Body {
  return typeof value === 'function';
}
