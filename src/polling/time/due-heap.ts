/** Something that is due at a time. The heap writes `position`; nobody else does. */
export interface Due {
  /** Milliseconds by the poller's clock, which never goes back. Changed only by {@link DueHeap.put}. */
  dueAt: number;
  /** Where it stands in its heap; -1 where it is in none. */
  position: number;
}

/** Things in the order of their time; any of them can be taken out or put off without a search. */
export class DueHeap<T extends Due> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  /** What is due first. */
  get first(): T | undefined {
    return this.entries[0];
  }

  /** Puts an entry in, or moves it to another time. */
  put(entry: T, dueAt: number): void {
    entry.dueAt = dueAt;
    if (entry.position < 0) entry.position = this.entries.push(entry) - 1;
    this.settle(entry);
  }

  /** Takes an entry out; one that is not in is no error. */
  remove(entry: T): void {
    if (entry.position < 0) return;
    const last = this.entries.pop();
    if (last !== undefined && last !== entry) {
      this.place(last, entry.position);
      this.settle(last);
    }
    entry.position = -1;
  }

  private settle(entry: T): void {
    this.rise(entry);
    this.sink(entry);
  }

  private rise(entry: T): void {
    while (entry.position > 0) {
      const parent = this.entries[(entry.position - 1) >> 1];
      if (parent === undefined || parent.dueAt <= entry.dueAt) return;
      this.swap(entry, parent);
    }
  }

  private sink(entry: T): void {
    for (;;) {
      const left = this.entries[2 * entry.position + 1];
      const right = this.entries[2 * entry.position + 2];
      const child = left && right && right.dueAt < left.dueAt ? right : left;
      if (child === undefined || child.dueAt >= entry.dueAt) return;
      this.swap(entry, child);
    }
  }

  private swap(a: T, b: T): void {
    const { position } = a;
    this.place(a, b.position);
    this.place(b, position);
  }

  private place(entry: T, position: number): void {
    this.entries[position] = entry;
    entry.position = position;
  }
}
