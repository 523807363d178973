/** Runs actions on one thing one after the other: a server that is being killed is not frozen at the same time. */
export class InTurn {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(action: () => Promise<T>): Promise<T> {
    const next = this.last.then(action);
    this.last = next.catch(() => undefined);
    return next;
  }
}
