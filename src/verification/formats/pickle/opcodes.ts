import { counted, fixed, line, twoLines } from './operands';
import type { Locate, Operand } from './operands';
import { PickleDict, PickleGlobal, PickleObject, PickleSequence } from './values';
import type { PickleStack, PickleValue } from './values';

/** Receives what a pickle does beside changing its stack. */
export interface PickleEvents {
  /** An object received its state. Returns the data at `next` if the next opcode does not follow. */
  built(object: PickleObject, next: number): RawData | undefined;
  /** The pickle refers to something outside of it. */
  persistent(id: PickleValue): void;
}

/** The part of a pickle between two opcodes. */
export interface RawData {
  /** Where the pickle continues; absent if the data is another pickle, which marks its own end. */
  readonly end?: number;
}

export interface Opcode {
  /** Locates the bytes that belong to it. */
  readonly locate: Locate;
  run(stack: PickleStack, operand: Operand, events: PickleEvents): RawData | undefined;
}

type Run = Opcode['run'];

const opcode = (locate: Locate, run: Run): Opcode => ({ locate, run });
const simple = (run: Run): Opcode => opcode(fixed(0), run);

const opaque: Run = (stack) => {
  stack.push(undefined);
};
const nothing: Run = () => undefined;
const text: Run = (stack, operand) => {
  stack.push(operand.text());
};
const unsigned: Run = (stack, operand) => {
  stack.push(operand.unsigned());
};
const signed: Run = (stack, operand) => {
  stack.push(operand.signed());
};
const decimal: Run = (stack, operand) => {
  stack.push(operand.decimal());
};
const constant =
  (value: PickleValue): Run =>
  (stack) => {
    stack.push(value);
  };
const tupleOf =
  (length: number): Run =>
  (stack) => {
    stack.push(new PickleSequence(stack.popLast(length)));
  };
const marked: Run = (stack) => {
  stack.push(new PickleSequence(stack.popMarked()));
};
const call: Run = (stack) => {
  const args = stack.pop();
  stack.push(new PickleObject(stack.pop(), args));
};

function append(target: PickleValue, items: readonly PickleValue[]): void {
  // One by one: a call can't have that many arguments.
  if (target instanceof PickleSequence) for (const item of items) target.items.push(item);
}

function setItems(target: PickleValue, items: readonly PickleValue[]): void {
  if (!(target instanceof PickleDict)) return;
  for (let index = 0; index + 1 < items.length; index += 2) target.set(items[index], items[index + 1]);
}

/** Sets the state of an object. */
export const BUILD = 0x62;
/** Ends a pickle; the value on the stack is its result. */
export const STOP = 0x2e;
/** Its operand is the version of the protocol. */
export const PROTO = 0x80;
/** Its operand is the length of what follows, in bytes. */
export const FRAME = 0x95;

/** All opcodes. Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  Object.entries({
    // Numbers and constants.
    I: opcode(line, decimal),
    J: opcode(fixed(4), signed),
    K: opcode(fixed(1), unsigned),
    M: opcode(fixed(2), unsigned),
    L: opcode(line, decimal),
    F: opcode(line, opaque),
    G: opcode(fixed(8), opaque),
    N: simple(constant(null)),
    '\x88': simple(constant(true)),
    '\x89': simple(constant(false)),
    '\x8a': opcode(counted(1), signed),
    '\x8b': opcode(counted(4), signed),
    // Texts and bytes.
    S: opcode(line, (stack, operand) => {
      stack.push(operand.text()?.slice(1, -1));
    }),
    V: opcode(line, text),
    T: opcode(counted(4), text),
    U: opcode(counted(1), text),
    X: opcode(counted(4), text),
    '\x8c': opcode(counted(1), text),
    '\x8d': opcode(counted(8), text),
    B: opcode(counted(4), opaque),
    C: opcode(counted(1), opaque),
    '\x8e': opcode(counted(8), opaque),
    '\x96': opcode(counted(8), opaque),
    '\x97': simple(opaque),
    '\x98': simple(nothing),
    // Lists, tuples, sets.
    ']': simple((stack) => {
      stack.push(new PickleSequence([]));
    }),
    a: simple((stack) => {
      const item = stack.pop();
      append(stack.top(), [item]);
    }),
    e: simple((stack) => {
      const items = stack.popMarked();
      append(stack.top(), items);
    }),
    l: simple(marked),
    ')': simple(tupleOf(0)),
    t: simple(marked),
    '\x85': simple(tupleOf(1)),
    '\x86': simple(tupleOf(2)),
    '\x87': simple(tupleOf(3)),
    '\x8f': simple(opaque),
    '\x90': simple((stack) => {
      stack.popMarked();
      stack.top();
    }),
    '\x91': simple((stack) => {
      stack.popMarked();
      stack.push(undefined);
    }),
    // Dictionaries.
    '}': simple((stack) => {
      stack.push(new PickleDict());
    }),
    d: simple((stack) => {
      const dict = new PickleDict();
      setItems(dict, stack.popMarked());
      stack.push(dict);
    }),
    s: simple((stack) => {
      const value = stack.pop();
      const key = stack.pop();
      setItems(stack.top(), [key, value]);
    }),
    u: simple((stack) => {
      const items = stack.popMarked();
      setItems(stack.top(), items);
    }),
    // The stack and the memo.
    '(': simple((stack) => {
      stack.mark();
    }),
    '0': simple((stack) => {
      stack.discard();
    }),
    '1': simple((stack) => {
      stack.popMarked();
    }),
    '2': simple((stack) => {
      stack.push(stack.top());
    }),
    g: opcode(line, (stack, operand) => {
      stack.get(operand.decimal());
    }),
    h: opcode(fixed(1), (stack, operand) => {
      stack.get(operand.unsigned());
    }),
    j: opcode(fixed(4), (stack, operand) => {
      stack.get(operand.unsigned());
    }),
    p: opcode(line, (stack, operand) => {
      stack.put(operand.decimal());
    }),
    q: opcode(fixed(1), (stack, operand) => {
      stack.put(operand.unsigned());
    }),
    r: opcode(fixed(4), (stack, operand) => {
      stack.put(operand.unsigned());
    }),
    '\x94': simple((stack) => {
      stack.put();
    }),
    // Classes, functions, objects.
    c: opcode(twoLines, (stack, operand) => {
      stack.push(new PickleGlobal(operand.global()));
    }),
    '\x93': simple((stack) => {
      const name = stack.pop();
      const module = stack.pop();
      stack.push(
        typeof module === 'string' && typeof name === 'string' ? new PickleGlobal(`${module}.${name}`) : undefined,
      );
    }),
    '\x82': opcode(fixed(1), opaque),
    '\x83': opcode(fixed(2), opaque),
    '\x84': opcode(fixed(4), opaque),
    R: simple(call),
    '\x81': simple(call),
    '\x92': simple((stack) => {
      stack.pop();
      const args = stack.pop();
      stack.push(new PickleObject(stack.pop(), args));
    }),
    i: opcode(twoLines, (stack, operand) => {
      stack.push(new PickleObject(new PickleGlobal(operand.global()), new PickleSequence(stack.popMarked())));
    }),
    o: simple((stack) => {
      const [callable, ...args] = stack.popMarked();
      stack.push(new PickleObject(callable, new PickleSequence(args)));
    }),
    b: simple((stack, operand, events) => {
      const state = stack.pop();
      const object = stack.top();
      if (!(object instanceof PickleObject)) return undefined;
      object.state = state;
      return events.built(object, operand.next);
    }),
    P: opcode(line, (stack, operand, events) => {
      events.persistent(operand.text());
      stack.push(undefined);
    }),
    Q: simple((stack, _, events) => {
      events.persistent(stack.pop());
      stack.push(undefined);
    }),
    // How it is written.
    '\x80': opcode(fixed(1), nothing),
    '\x95': opcode(fixed(8), nothing),
    '.': simple(nothing),
  }).map(([character, entry]) => [character.charCodeAt(0), entry]),
);
