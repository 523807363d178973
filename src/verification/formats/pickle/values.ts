import type { SparseBytes } from '../../readers/sparse-bytes';

/**
 * What a pickle would make, as far as its opcodes tell; nothing is imported or called. `undefined` stands for what is
 * of no interest: long text, bytes, sets and the like.
 */
export type PickleValue =
  string | number | boolean | null | undefined | PickleGlobal | PickleSequence | PickleDict | PickleObject;

/** A class or function by its whole name: `numpy.dtype`. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** A tuple or a list. */
export class PickleSequence {
  constructor(readonly items: PickleValue[]) {}
}

const MAX_ENTRIES = 64;
const NO_ENTRIES: ReadonlyMap<string, PickleValue> = new Map();

/** A dictionary: its first entries whose keys are texts. */
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

/** What a call would give. */
export class PickleObject {
  /** What the object is told to be, where it is told. */
  state: PickleValue;

  constructor(
    private readonly callable: PickleValue,
    readonly args: PickleValue,
  ) {}

  /** The whole name of its class, or of the function that makes it. */
  get madeBy(): string | undefined {
    if (!(this.callable instanceof PickleGlobal)) return undefined;
    if (!CONSTRUCTORS.test(this.callable.name)) return this.callable.name;
    const first = this.args instanceof PickleSequence ? this.args.items[0] : undefined;
    return first instanceof PickleGlobal ? first.name : undefined;
  }
}

/** Values at the same time; pickles of models put what they collect away after a thousand. */
const MAX_STACK = 100_000;

/** The stack and the memo of the machine that a pickle is a program for. */
export class PickleStack {
  private readonly values: PickleValue[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(private readonly bytes: SparseBytes) {}

  /** @throws LimitError where there are too many */
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

  /** The last value, which must lie above the last mark. */
  top(): PickleValue {
    if (this.values.length <= (this.marks.at(-1) ?? 0)) {
      throw this.bytes.malformed('is damaged: an opcode of its pickle has nothing to work on');
    }
    return this.values.at(-1);
  }

  /** Removes the last so many values, and gives them in their order. */
  popLast(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let index = 0; index < count; index += 1) values.unshift(this.pop());
    return values;
  }

  mark(): void {
    this.marks.push(this.values.length);
  }

  /** Removes the last mark, and gives what lay above it. */
  popMarked(): PickleValue[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.bytes.malformed('is damaged: its pickle lacks a mark');
    return this.values.splice(mark);
  }

  /** Removes the last value, or the mark where none lies above it. */
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
