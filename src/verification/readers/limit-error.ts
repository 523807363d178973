/** An inspection exceeds a limit. What it reported before stays. */
export class LimitError extends Error {
  /** @param message why the file was not fully inspected, for a note */
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}
