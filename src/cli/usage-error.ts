/** A command got arguments that it does not accept. */
export class UsageError extends Error {
  /** The problems with the arguments, one for each line of output. */
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
