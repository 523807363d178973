import type { z } from 'zod';
import { boundedLine, boundedMessage } from './text';
import { cut, printable } from '../internal/text';

/** One problem of an input: where it is, and what to do about it. */
export interface InputProblem {
  /** For example `outputConfig.artifactDestination.outputUriPrefix`. */
  readonly path: string;
  readonly message: string;
}

/** An input that has problems; the message lists every one. */
export class InvalidExportInputError extends Error {
  override readonly name = 'InvalidExportInputError';

  constructor(readonly problems: readonly InputProblem[]) {
    super(describeProblems(problems));
  }
}

/** Problems that are listed; each of ten thousand entries of a fleet can have the same one. */
const MAX_PROBLEMS = 100;
/** Unknown fields of one object that are listed. */
const MAX_UNKNOWN_FIELDS = 20;
/** Longest path of a problem, in characters. */
const MAX_PATH = 200;
const WHOLE_INPUT = '(input)';

/** What a schema found wrong: a bounded number of problems of a bounded length. */
export function problemsOf(error: z.ZodError): InputProblem[] {
  return boundedProblems(allProblemsOf(error));
}

/** The same, without the limit to their number. */
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

/** A problem whose path and message fit into workflow history; an empty path means the whole input. */
export function problem(path: string, message: string): InputProblem {
  return { path: cut(printable(path), MAX_PATH) || WHOLE_INPUT, message: boundedLine(message) };
}

/** The first problems, and how many more there are. */
export function boundedProblems(problems: readonly InputProblem[]): InputProblem[] {
  const more = problems.length - MAX_PROBLEMS;
  return [...problems.slice(0, MAX_PROBLEMS), ...(more > 0 ? [problem('', `has ${more} more problems`)] : [])];
}

/** One text for all problems of an input. */
export function describeProblems(problems: readonly InputProblem[]): string {
  const lines = problems.map(({ path, message }) => `${path}: ${message}`);
  return boundedMessage(`The input has ${lines.length} problem${lines.length === 1 ? '' : 's'}: ${lines.join('; ')}`);
}

/** The first thing that a schema found wrong, with its place: `subject.0.name: Invalid input`. */
export function firstIssue(error: z.ZodError): string {
  const [first] = problemsOf(error);
  return first === undefined ? '' : `${first.path === WHOLE_INPUT ? 'its top' : first.path}: ${first.message}`;
}
