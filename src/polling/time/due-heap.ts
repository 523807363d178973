/** An entry of a {@link DueHeap}. Only the heap changes it. */
export interface Due {
  /** When the entry is due, in milliseconds of the monotonic clock. */
  dueAt: number;
  /** The index of the entry in the heap; -1 if it is in no heap. */
  position: number;
}

/** A priority queue by due time. Any entry can be removed or moved without a search. */
export class DueHeap<T extends Due> {
  private readonly entries: T[] = [];

  get size(): number {
    return this.entries.length;
  }

  /** The entry that is due first. */
  get first(): T | undefined {
    return this.entries[0];
  }

  /** Adds an entry, or moves it to another time. */
  put(entry: T, dueAt: number): void {
    entry.dueAt = dueAt;
    if (entry.position < 0) entry.position = this.entries.push(entry) - 1;
    this.reorder(entry);
  }

  /** Removes an entry. Does nothing if the entry is not in the heap. */
  remove(entry: T): void {
    if (entry.position < 0) return;
    const last = this.entries.pop();
    if (last !== undefined && last !== entry) {
      this.place(last, entry.position);
      this.reorder(last);
    }
    entry.position = -1;
  }

  private reorder(entry: T): void {
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
