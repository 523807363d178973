/** A command got arguments that it does not accept. */
export class UsageError extends Error {}
