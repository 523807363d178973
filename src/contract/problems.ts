import type { z } from 'zod';
import { boundedLine, boundedMessage } from './text';
import { cut, printable } from '../internal/text';

/** One problem of an input. */
export interface InputProblem {
  /** Path of the field, for example `outputConfig.artifactDestination.outputUriPrefix`. */
  readonly path: string;
  /** What is wrong with the field and how to fix it. */
  readonly message: string;
}

/** Error of an invalid input. Its message lists all problems. */
export class InvalidExportInputError extends Error {
  /** Always `InvalidExportInputError`. */
  override readonly name = 'InvalidExportInputError';

  /** @param problems all problems, at most 100 */
  constructor(readonly problems: readonly InputProblem[]) {
    super(describeProblems(problems));
  }
}

/** Maximum number of listed problems. Each of 20,000 entries of a fleet can have the same problem. */
const MAX_PROBLEMS = 100;
/** Maximum number of listed unknown fields of one object. */
const MAX_UNKNOWN_FIELDS = 20;
/** Longest path of a problem, in characters. */
const MAX_PATH = 200;
const WHOLE_INPUT = '(input)';

/** The problems that a schema found: a bounded number of bounded length. */
export function problemsOf(error: z.ZodError): InputProblem[] {
  return boundedProblems(allProblemsOf(error));
}

/** All problems that a schema found. Their number is not bounded. */
export function allProblemsOf({ issues }: z.ZodError): InputProblem[] {
  return issues.flatMap(problemsOfIssue);
}

function problemsOfIssue(issue: z.core.$ZodIssue): InputProblem[] {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [problem(path, issue.message)];
  const below = path === '' ? '' : `${path}.`;
  const more = issue.keys.length - MAX_UNKNOWN_FIELDS;
  return [
    ...issue.keys
      .slice(0, MAX_UNKNOWN_FIELDS)
      .map((key) =>
        problem(`${below}${key}`, 'is not a known field; the names are those of the REST call in lowerCamelCase'),
      ),
    ...(more > 0 ? [problem(path, `has ${more} more unknown fields`)] : []),
  ];
}

/** Creates a problem whose path and message have a bounded length. An empty path means the whole input. */
export function problem(path: string, message: string): InputProblem {
  return { path: cut(printable(path), MAX_PATH) || WHOLE_INPUT, message: boundedLine(message) };
}

/** The first problems, and the number of the others. */
export function boundedProblems(problems: readonly InputProblem[]): InputProblem[] {
  const more = problems.length - MAX_PROBLEMS;
  return [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [problem('', `has ${more} more problems`)] : [])];
}

/** Message that lists all problems of an input. */
export function describeProblems(problems: readonly InputProblem[]): string {
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  return boundedMessage(`The input has ${lines.length} problem${lines.length === 1 ? '' : 's'}: ${lines.join('; ')}`);
}

/** The first problem that a schema found, with its path: `subject.0.name: Invalid input`. */
export function firstIssue(error: z.ZodError): string {
  const [first] = problemsOf(error);
  return first === undefined ? '' : `${first.path === WHOLE_INPUT ? 'its top' : first.path}: ${first.message}`;
}
