/** A command was called with what it does not take. */
export class UsageError extends Error {}
