import type { Look } from '../inspection';
import { arrayEnd, UnknownArrayError } from './joblib-arrays';
import { OPCODES, PROTO, STOP } from './pickle-opcodes';
import { followPickle } from './pickle-stream';
import type { SparseBytes } from '../reading/sparse-bytes';
import { ReadLimitError } from '../reading/sparse-bytes';

/**
 * Looks into one or more pickles that stand in a file one after the other, with arrays in between where joblib wrote
 * them.
 *
 * @param compression how the bytes were compressed in the file
 * @throws MalformedFileError
 */
export function inspectPlainPickle(bytes: SparseBytes, look: Look, compression?: string): void {
  if (bytes.size === 0) throw bytes.malformed('has no pickle: it is empty');
  const first = bytes.u8(0);
  if (!OPCODES.has(first)) {
    const shown = bytes.slice(0, Math.min(4, bytes.size)).toString('hex');
    throw bytes.malformed(`is no pickle: its first bytes are "${shown}"`);
  }
  look.learned({
    kind: 'pickle',
    summary: {
      ...(first === PROTO && { protocol: bytes.u8(1) }),
      ...(compression !== undefined && { compression }),
    },
  });
  if (!bytes.isReadWhole) checkLastByte(bytes);
  try {
    followPickles(bytes, look);
  } catch (error) {
    if (error instanceof UnknownArrayError || error instanceof ReadLimitError) checkLastByte(bytes);
    if (!(error instanceof UnknownArrayError)) throw error;
    look.note(`what follows byte ${error.at} was not looked at: it is an array of a type that is not known`);
  }
}

function followPickles(bytes: SparseBytes, look: Look): void {
  const events = {
    built: arrayEnd.bind(undefined, bytes),
    persistent: () => undefined,
  };
  let { end } = followPickle(bytes, {}, events);
  while (end < bytes.size && bytes.u8(end) === PROTO) ({ end } = followPickle(bytes, { start: end }, events));
  if (end < bytes.size) look.note(`has ${bytes.size - end} bytes behind the end of its pickle`);
}

/** Of a large file the end is not reached from the begin. */
function checkLastByte(bytes: SparseBytes): void {
  const last = bytes.u8(bytes.size - 1);
  if (last === STOP) return;
  throw bytes.malformed(
    `is cut off or damaged: its last byte is ${last}, and a pickle ends with ${STOP}, the letter "."`,
  );
}
