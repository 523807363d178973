import { defined } from '../../../internal/defined';
import type { InspectionContext } from '../../inspection';
import { arrayBehind, UnknownArrayError } from './joblib-arrays';
import { OPCODES, PROTO, STOP } from './opcodes';
import { followPickle } from './stream';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { LimitError } from '../../readers/limit-error';

/**
 * Inspects one or more pickles that follow each other in a file, with the arrays of joblib between them.
 *
 * @param compression how the bytes were compressed in the file
 * @throws MalformedFileError
 */
export function* inspectPlainPickle(bytes: SparseBytes, context: InspectionContext, compression?: string): Inspecting {
  if (bytes.size === 0) throw bytes.malformed('has no pickle: it is empty');
  const protocol = yield* attempt(bytes, () => readBegin(bytes));
  context.summarize({
    kind: 'pickle',
    summary: { ...defined({ protocol, compression }) },
  });
  if (!bytes.isReadWhole) yield* checkLastByte(bytes);
  try {
    yield* followPickles(bytes, context);
  } catch (error) {
    if (error instanceof UnknownArrayError || error instanceof LimitError) yield* checkLastByte(bytes);
    if (!(error instanceof UnknownArrayError)) throw error;
    context.note(`the part after byte ${error.at} was not inspected: it is an array of an unknown type`);
  }
}

/** The protocol that a pickle names, if it begins with one. */
function readBegin(bytes: SparseBytes): number | undefined {
  const first = bytes.u8(0);
  if (OPCODES.has(first)) return first === PROTO ? bytes.u8(1) : undefined;
  const begin = bytes.slice(0, Math.min(4, bytes.size)).toString('hex');
  throw bytes.malformed(`is not a pickle: its first bytes are "${begin}"`);
}

function* followPickles(bytes: SparseBytes, context: InspectionContext): Inspecting {
  const events = {
    built: arrayBehind.bind(undefined, bytes),
    persistent: () => undefined,
  };
  let { end } = yield* followPickle(bytes, {}, events);
  const isNext = (): boolean => end < bytes.size && bytes.u8(end) === PROTO;
  while (yield* attempt(bytes, isNext)) ({ end } = yield* followPickle(bytes, { start: end }, events));
  if (end < bytes.size) context.note(`has ${bytes.size - end} bytes after the end of its pickle`);
}

/** Checks the end of a large file, whose opcodes are not followed that far. */
function* checkLastByte(bytes: SparseBytes): Inspecting {
  const last = yield* attempt(bytes, () => bytes.u8(bytes.size - 1));
  if (last === STOP) return;
  throw bytes.malformed(
    `is cut off or damaged: its last byte is ${last}, but a pickle ends with ${STOP}, the letter "."`,
  );
}
