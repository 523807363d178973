/** Runs actions on one target one after the other, so that a server is not frozen while it is being killed. */
export class ActionQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(action: () => Promise<T>): Promise<T> {
    const next = this.last.then(action);
    this.last = next.catch(() => undefined);
    return next;
  }
}
