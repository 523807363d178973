import type { Look } from '../../inspection';
import { arrayBehind, UnknownArrayError } from './joblib-arrays';
import { OPCODES, PROTO, STOP } from './opcodes';
import { followPickle } from './stream';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { LimitError } from '../../readers/work';

/**
 * Looks into one or more pickles that stand in a file one after the other, with arrays in between where joblib wrote
 * them.
 *
 * @param compression how the bytes were compressed in the file
 * @throws MalformedFileError
 */
export function* inspectPlainPickle(bytes: SparseBytes, look: Look, compression?: string): Inspecting {
  if (bytes.size === 0) throw bytes.malformed('has no pickle: it is empty');
  const protocol = yield* attempt(bytes, () => readBegin(bytes));
  look.learned({
    kind: 'pickle',
    summary: { ...(protocol !== undefined && { protocol }), ...(compression !== undefined && { compression }) },
  });
  if (!bytes.isReadWhole) yield* checkLastByte(bytes);
  try {
    yield* followPickles(bytes, look);
  } catch (error) {
    if (error instanceof UnknownArrayError || error instanceof LimitError) yield* checkLastByte(bytes);
    if (!(error instanceof UnknownArrayError)) throw error;
    look.note(`what follows byte ${error.at} was not looked at: it is an array of a type that is not known`);
  }
}

/** The protocol that a pickle names, if it begins with one. */
function readBegin(bytes: SparseBytes): number | undefined {
  const first = bytes.u8(0);
  if (OPCODES.has(first)) return first === PROTO ? bytes.u8(1) : undefined;
  const begin = bytes.slice(0, Math.min(4, bytes.size)).toString('hex');
  throw bytes.malformed(`is no pickle: its first bytes are "${begin}"`);
}

function* followPickles(bytes: SparseBytes, look: Look): Inspecting {
  const events = {
    built: arrayBehind.bind(undefined, bytes),
    persistent: () => undefined,
  };
  let { end } = yield* followPickle(bytes, {}, events);
  const isNext = (): boolean => end < bytes.size && bytes.u8(end) === PROTO;
  while (yield* attempt(bytes, isNext)) ({ end } = yield* followPickle(bytes, { start: end }, events));
  if (end < bytes.size) look.note(`has ${bytes.size - end} bytes behind the end of its pickle`);
}

/** Of a large file the end is not reached from the begin. */
function* checkLastByte(bytes: SparseBytes): Inspecting {
  const last = yield* attempt(bytes, () => bytes.u8(bytes.size - 1));
  if (last === STOP) return;
  throw bytes.malformed(
    `is cut off or damaged: its last byte is ${last}, and a pickle ends with ${STOP}, the letter "."`,
  );
}
