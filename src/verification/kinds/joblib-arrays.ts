import { followPickle } from './pickle-stream';
import type { PickleValue } from './pickle-values';
import { PickleDict, PickleObject, PickleSequence } from './pickle-values';
import type { SparseBytes } from '../reading/sparse-bytes';

/** Stands in a pickle for an array whose bytes follow it; scikit-learn had a copy of joblib. */
const WRAPPER = /(^|\.)joblib\.numpy_pickle\.NumpyArrayWrapper$/;

/** A type that Python objects are in: `NPY_ITEM_HASOBJECT` of its flags. */
const HAS_OBJECT = 1;

/** Bytes of one letter of a text; of other types the number counts bytes. */
const UNICODE_BYTES = 4;

/** What NumPy tells of a type. Source: https://numpy.org/doc/stable/reference/arrays.dtypes.html */
interface ElementType {
  readonly bytes: number;
  readonly hasObject: boolean;
}

/** Thrown where an array is of a type that is not known, so that it can't be told where its bytes end. */
export class UnknownArrayError extends Error {
  constructor(readonly at: number) {
    super('the bytes of an array can not be told');
  }
}

/**
 * Where a pickle goes on behind an object that was built at its last opcode: behind the array, where the object stands
 * for one; `undefined` where nothing follows but opcodes.
 *
 * Source: https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
 *
 * @param at behind the opcode, in bytes from the file's start
 * @throws UnknownArrayError
 */
export function arrayEnd(bytes: SparseBytes, object: PickleObject, at: number): number | undefined {
  if (!WRAPPER.test(object.madeBy ?? '')) return undefined;
  const { state } = object;
  if (!(state instanceof PickleDict)) throw new UnknownArrayError(at);
  const elements = elementsOf(state.entries.get('shape'));
  const type = elementTypeOf(state.entries.get('dtype'));
  if (elements === undefined || type === undefined) throw new UnknownArrayError(at);
  // Arrays of objects are pickles of their own.
  if (type.hasObject) return followPickle(bytes, { start: at }).end;
  // Since joblib 1.2 a byte tells how many bytes stand between it and the array, which is aligned.
  const aligned = typeof state.entries.get('numpy_array_alignment_bytes') === 'number';
  const start = aligned ? at + 1 + bytes.u8(at) : at;
  const length = elements * type.bytes;
  if (start + length <= bytes.size) return start + length;
  throw bytes.malformed(
    `is cut off or damaged: an array at byte ${start} should have ${length} bytes, and ${bytes.size - start} are left`,
  );
}

function elementsOf(shape: PickleValue): number | undefined {
  if (!(shape instanceof PickleSequence)) return undefined;
  let product = 1;
  for (const side of shape.items) {
    if (typeof side !== 'number' || side < 0) return undefined;
    product *= side;
  }
  return product;
}

/** `numpy.dtype('f8', False, True)`, with a state of version, byte order, ..., size, alignment, flags. */
function elementTypeOf(value: PickleValue): ElementType | undefined {
  if (!(value instanceof PickleObject) || value.madeBy !== 'numpy.dtype') return undefined;
  const [code] = value.args instanceof PickleSequence ? value.args.items : [];
  const [, letter = '', digits = ''] = /^([?a-zA-Z])(\d+)$/.exec(typeof code === 'string' ? code : '') ?? [];
  if (digits === '' || !'biufcmMOSUV'.includes(letter)) return undefined;
  const flags = value.state instanceof PickleSequence ? value.state.items[7] : undefined;
  return {
    bytes: Number(digits) * (letter === 'U' ? UNICODE_BYTES : 1),
    hasObject: letter === 'O' || (typeof flags === 'number' && (flags & HAS_OBJECT) !== 0),
  };
}
