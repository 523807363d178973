import { BUILD, FRAME, OPCODES, PROTO, STOP } from './opcodes';
import type { Opcode, PickleEvents } from './opcodes';
import type { Operand } from './operands';
import type { PickleValue } from './values';
import { PickleStack } from './values';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** A pickle that was followed to its end. */
export interface Pickle {
  /** Where it ends, in bytes from the file's start. */
  readonly end: number;
  /** Its result. */
  readonly value: PickleValue;
  /** Absent if it has none, as before protocol 2. */
  readonly protocol?: number;
}

const HIGHEST_PROTOCOL = 5;
/** Part of a large file that is followed, in bytes that are read. */
const MAX_FOLLOWED_BYTES = 384 * 1024;
/** Longer data is skipped; skipping it costs as much as reading this many bytes. */
const HOP_BYTES = 8 * 1024;

const NO_EVENTS: PickleEvents = { built: () => undefined, persistent: () => undefined };

/**
 * Follows the opcodes of a pickle to its end. It unpickles nothing: it imports no class and calls no function.
 *
 * Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py
 *
 * @param part where the pickle begins, and the latest end, in bytes from the file's start
 * @throws MalformedFileError if it is cut off or not a pickle
 * @throws LimitError if the file is large and too many of its bytes would be read
 */
export function* followPickle(
  bytes: SparseBytes,
  { start = 0, limit = bytes.size }: { readonly start?: number; readonly limit?: number } = {},
  events = NO_EVENTS,
): Inspecting<Pickle> {
  const stack = new PickleStack(bytes);
  let protocol: number | undefined;
  let followed = 0;
  for (let at = start; at < limit;) {
    const here = at;
    const { code, opcode, operand } = yield* attempt(bytes, () => readOpcode(bytes, { start, at: here, limit }));
    const raw = opcode.run(stack, operand, events);
    if (code === STOP) return { end: operand.next, value: stack.pop(), ...(protocol !== undefined && { protocol }) };
    if (code === PROTO) protocol = checkProtocol(bytes, operand.unsigned());
    if (code === FRAME) checkFrame(bytes, at, limit);
    // The objects of an array are another pickle, whose content is not needed.
    const next = raw ? (raw.end ?? (yield* followPickle(bytes, { start: operand.next, limit })).end) : operand.next;
    followed += Math.min(next - at, HOP_BYTES);
    if (followed > MAX_FOLLOWED_BYTES && !bytes.isReadWhole) {
      throw bytes.limited(`it was followed up to byte ${next} of ${bytes.size}, and its end was checked`);
    }
    at = next;
  }
  throw bytes.malformed(`is cut off or damaged: the pickle at byte ${start} has no end before byte ${limit}`);
}

interface ReadOpcode {
  readonly code: number;
  readonly opcode: Opcode;
  readonly operand: Operand;
}

/** Reads an opcode and loads all that it needs, because a running opcode must not be interrupted. */
function readOpcode(
  bytes: SparseBytes,
  { start, at, limit }: { readonly start: number; readonly at: number; readonly limit: number },
): ReadOpcode {
  const code = bytes.u8(at);
  const opcode = OPCODES.get(code);
  if (opcode === undefined) throw unknownOpcode(bytes, start, at);
  const operand = opcode.locate(bytes, at + 1, limit);
  operand.load();
  // An array may follow the object; the byte before it states its offset.
  if (code === BUILD && operand.next < bytes.size) bytes.u8(operand.next);
  return { code, opcode, operand };
}

function unknownOpcode(bytes: SparseBytes, start: number, at: number): Error {
  if (at > start) return bytes.malformed(`is damaged: byte ${at} is not an opcode of its pickle`);
  const first = bytes.slice(start, Math.min(4, bytes.size - start)).toString('hex');
  return bytes.malformed(`is not a pickle: the bytes at ${start} are "${first}"`);
}

function checkProtocol(bytes: SparseBytes, protocol: number): number {
  if (protocol <= HIGHEST_PROTOCOL) return protocol;
  throw bytes.malformed(`has the pickle protocol ${protocol}, but the highest is ${HIGHEST_PROTOCOL}`);
}

/** A frame has the length of the part that can be read at once. */
function checkFrame(bytes: SparseBytes, at: number, limit: number): void {
  const length = bytes.u64(at + 1);
  const left = limit - at - 9;
  if (length <= left) return;
  throw bytes.malformed(
    `is cut off or damaged: the frame of its pickle at byte ${at} should have ${length} bytes, but ${left} are left`,
  );
}
