/** A command got arguments that it does not accept. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  /** @param problems every problem with the arguments */
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}
