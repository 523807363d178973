/** Does nothing. */
export function noop(): Promise<void> {
  return Promise.resolve();
}
