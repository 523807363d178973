import type { RawData } from './opcodes';
import type { PickleValue } from './values';
import { PickleDict, PickleObject, PickleSequence } from './values';
import { elementsOf } from '../../readers/shape';
import type { SparseBytes } from '../../readers/sparse-bytes';

/** The class of an object that represents an array whose bytes follow it; scikit-learn had a copy of joblib. */
const WRAPPER = /(^|\.)joblib\.numpy_pickle\.NumpyArrayWrapper$/;

/** NumPy's limit. */
const MAX_DIMENSIONS = 64;
/** Characters of a name that are compared in a step. */
const CHARACTERS_PER_STEP = 16;

/** Flag `NPY_ITEM_HASOBJECT` of a type: its elements contain Python objects. */
const HAS_OBJECT = 1;

/** Bytes of one letter of a text; the number of other types counts bytes. */
const UNICODE_BYTES = 4;

/** A NumPy element type. Source: https://numpy.org/doc/stable/reference/arrays.dtypes.html */
interface ElementType {
  readonly bytes: number;
  readonly hasObject: boolean;
}

/** An array has an unknown type, so the end of its bytes is not known either. */
export class UnknownArrayError extends Error {
  constructor(readonly at: number) {
    super('the length of an array is not known');
  }
}

/**
 * The array that follows an object in a pickle, if the object represents one; `undefined` if opcodes follow.
 *
 * Source: https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
 *
 * @param at the end of the opcode, in bytes from the file's start
 * @throws UnknownArrayError
 */
export function arrayBehind(bytes: SparseBytes, object: PickleObject, at: number): RawData | undefined {
  const { madeBy = '' } = object;
  bytes.meter.charge(madeBy.length / CHARACTERS_PER_STEP);
  if (!WRAPPER.test(madeBy)) return undefined;
  const { state } = object;
  if (!(state instanceof PickleDict)) throw new UnknownArrayError(at);
  const elements = countOf(state.entries.get('shape'));
  const type = elementTypeOf(state.entries.get('dtype'));
  if (elements === undefined || type === undefined) throw new UnknownArrayError(at);
  // Arrays of objects are separate pickles.
  if (type.hasObject) return {};
  // Since joblib 1.2 the array is aligned: a byte has the number of bytes between it and the array.
  const aligned = typeof state.entries.get('numpy_array_alignment_bytes') === 'number';
  const start = aligned ? at + 1 + bytes.u8(at) : at;
  const length = elements * type.bytes;
  if (start + length <= bytes.size) return { end: start + length };
  throw bytes.malformed(
    `is cut off or damaged: an array at byte ${start} should have ${length} bytes, but ${bytes.size - start} are left`,
  );
}

function countOf(shape: PickleValue): number | undefined {
  if (!(shape instanceof PickleSequence) || shape.items.length > MAX_DIMENSIONS) return undefined;
  const sides = shape.items.filter((side) => typeof side === 'number' && side >= 0);
  return sides.length === shape.items.length ? elementsOf(sides as number[]) : undefined;
}

/** `numpy.dtype('f8', False, True)`, with a state of version, byte order, ..., size, alignment, flags. */
function elementTypeOf(value: PickleValue): ElementType | undefined {
  if (!(value instanceof PickleObject) || value.madeBy !== 'numpy.dtype') return undefined;
  const code = value.args instanceof PickleSequence ? value.args.items[0] : undefined;
  const [, letter = '', digits = ''] = /^([?a-zA-Z])(\d+)$/.exec(typeof code === 'string' ? code : '') ?? [];
  if (digits === '' || !'biufcmMOSUV'.includes(letter)) return undefined;
  const flags = value.state instanceof PickleSequence ? value.state.items[7] : undefined;
  return {
    bytes: Number(digits) * (letter === 'U' ? UNICODE_BYTES : 1),
    hasObject: letter === 'O' || (typeof flags === 'number' && (flags & HAS_OBJECT) !== 0),
  };
}
