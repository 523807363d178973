/**
 * A command failed. Each reason is printed on its own line. The message of any other error is printed on one line with its
 * line breaks escaped, since it can contain texts from outside that look like the output of a command.
 */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';

  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('; '));
  }
}

/** A command got arguments that it does not accept. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
}

/** Starts local services. Their errors come from programs and files of this machine, and have a line for each reason. */
export async function startingServices<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    throw new CommandError((error instanceof Error ? error.message : String(error)).split('\n'));
  }
}
