import type { SparseBytes } from '../../readers/sparse-bytes';

/**
 * A value that a pickle would create, derived from its opcodes; nothing is imported or called. `undefined` replaces
 * values that are not needed: long text, bytes, sets and the like.
 */
export type PickleValue =
  string | number | boolean | null | undefined | PickleGlobal | PickleSequence | PickleDict | PickleObject;

/** A class or a function by its full name: `numpy.dtype`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** A tuple or a list. */
export class PickleSequence {
  constructor(readonly items: PickleValue[]) {}
}

const MAX_ENTRIES = 64;
const NO_ENTRIES: ReadonlyMap<string, PickleValue> = new Map();

/** A dictionary; it keeps its first entries whose keys are texts. */
export class PickleDict {
  private known: Map<string, PickleValue> | undefined;

  get entries(): ReadonlyMap<string, PickleValue> {
    return this.known ?? NO_ENTRIES;
  }

  set(key: PickleValue, value: PickleValue): void {
    if (typeof key !== 'string' || this.entries.size >= MAX_ENTRIES) return;
    this.known ??= new Map();
    this.known.set(key, value);
  }
}

/** Functions that make an object of the class which is their first argument. */
const CONSTRUCTORS = /^copy_?reg\.(_reconstructor|__newobj__|__newobj_ex__)$/;

/** The result of a call. */
export class PickleObject {
  /** Set when the pickle gives the object its state. */
  state: PickleValue;

  constructor(
    private readonly callable: PickleValue,
    readonly args: PickleValue,
  ) {}

  /** The full name of its class, or of the function that makes it. */
  get madeBy(): string | undefined {
    if (!(this.callable instanceof PickleGlobal)) return undefined;
    if (!CONSTRUCTORS.test(this.callable.name)) return this.callable.name;
    const first = this.args instanceof PickleSequence ? this.args.items[0] : undefined;
    return first instanceof PickleGlobal ? first.name : undefined;
  }
}

/** Most values on the stack; pickles of models remove theirs after a thousand. */
const MAX_STACK = 100_000;

/** The stack and the memo of a pickle. */
export class PickleStack {
  private readonly values: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(private readonly bytes: SparseBytes) {}

  /** @throws LimitError if there are too many values */
  push(value: PickleValue): void {
    if (this.values.length >= MAX_STACK) {
      throw this.bytes.limited(`its pickle has more than ${MAX_STACK} values at a time`);
    }
    this.values.push(value);
  }

  pop(): PickleValue {
    const top = this.top();
    this.values.length -= 1;
    return top;
  }

  /** The last value, which must be above the last mark. */
  top(): PickleValue {
    if (this.values.length <= (this.marks.at(-1) ?? 0)) {
      throw this.bytes.malformed('is damaged: an opcode of its pickle has nothing to work on');
    }
    return this.values.at(-1);
  }

  /** Removes the last `count` values and returns them in their order. */
  popLast(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let index = 0; index < count; index += 1) values.unshift(this.pop());
    return values;
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  /** Removes the last mark and returns the values above it. */
  popMarked(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.bytes.malformed('is damaged: its pickle lacks a mark');
    return this.values.splice(mark);
  }

  /** Removes the last value, or the last mark if no value is above it. */
  discard(): void {
    if (this.marks.length > 0 && this.marks.at(-1) === this.values.length) this.marks.pop();
    else this.pop();
  }

  put(key = this.memo.size): void {
    this.memo.set(key, this.top());
  }

  get(key: number): void {
    if (!this.memo.has(key)) throw this.bytes.malformed(`is damaged: its pickle has no object ${key} to refer to`);
    this.push(this.memo.get(key));
  }
}
