import type { ProtoField } from '../../readers/proto-fields';
import { fieldsOf, varintsOf } from '../../readers/proto-fields';
import { decodeMessage } from '../../readers/proto-message';
import { elementTypeOf, STRING_ENTRY, TENSOR } from './schema';
import { shownName } from '../../messages';
import { elementsOf } from '../../readers/shape';
import type { ByteRange, SparseBytes } from '../../readers/sparse-bytes';

/** Bytes of a tensor that are outside of the model. */
export interface ExternalData extends ByteRange {
  /** Path of their file from the model's directory. */
  readonly location: string;
}

/** Facts about a tensor that need no reading of its elements. */
export interface OnnxTensor {
  readonly name: string;
  /** Absent if its elements are in the model. */
  readonly external?: ExternalData;
}

/** `TensorProto.DataLocation`. */
const EXTERNAL = 1;
/** No real model has a shape with more dimensions, or external data with more properties. */
const MAX_DIMENSIONS = 64;
const MAX_PROPERTIES = 16;
/** Longer names are cut, in bytes. */
const MAX_NAME_BYTES = 1024;

/** The values of a tensor's fields. */
class Fields {
  readonly dims: number[] = [];
  /** The fields that locate external data. */
  readonly properties: ProtoField[] = [];
  name = '';
  dataType = 0;
  location = 0;
  /** Whether it is a part of a tensor only. */
  segment = false;
  rawBytes: number | undefined;
  /** Elements of the fields for floats and doubles. */
  elements: number | undefined;
  /** Whether it has elements whose number does not follow from their bytes. */
  others = false;
}

type ReadField = (read: Fields, field: ProtoField, bytes: SparseBytes) => void;

const lengthOf = ({ start, end }: ProtoField): number => end - start;

const countElements =
  (elementBytes: number): ReadField =>
  (read, field) => {
    read.elements = (read.elements ?? 0) + lengthOf(field) / elementBytes;
  };

const otherElements: ReadField = (read) => {
  read.others = true;
};

const READ: Readonly<Record<number, ReadField>> = {
  [TENSOR.dims]: (read, field, bytes) => {
    for (const side of varintsOf(bytes, field)) {
      if (side < 0) throw bytes.malformed(`is damaged: a tensor has no possible shape at byte ${field.start}`);
      if (read.dims.length >= MAX_DIMENSIONS) {
        throw bytes.limited(`its tensor at byte ${field.start} has more than ${MAX_DIMENSIONS} dimensions`);
      }
      read.dims.push(side);
    }
  },
  [TENSOR.dataType]: (read, field) => {
    read.dataType = field.value;
  },
  [TENSOR.segment]: (read) => {
    read.segment = true;
  },
  [TENSOR.floatData]: countElements(4),
  [TENSOR.int32Data]: otherElements,
  [TENSOR.stringData]: otherElements,
  [TENSOR.int64Data]: otherElements,
  [TENSOR.name]: (read, field, bytes) => {
    read.name = bytes.slice(field.start, Math.min(lengthOf(field), MAX_NAME_BYTES)).toString('utf8');
  },
  [TENSOR.rawData]: (read, field) => {
    read.rawBytes = lengthOf(field);
  },
  [TENSOR.doubleData]: countElements(8),
  [TENSOR.uint64Data]: otherElements,
  [TENSOR.externalData]: (read, field) => {
    if (read.properties.length < MAX_PROPERTIES) read.properties.push(field);
  },
  [TENSOR.dataLocation]: (read, field) => {
    read.location = field.value;
  },
};

/**
 * Reads a constant of a model without its elements.
 *
 * @throws MalformedFileError if the number of elements does not fit its shape
 */
export function readTensor(bytes: SparseBytes, { start, end }: Pick<ProtoField, 'start' | 'end'>): OnnxTensor {
  const read = new Fields();
  for (const field of fieldsOf(bytes, start, end)) READ[field.number]?.(read, field, bytes);
  const { bits } = elementTypeOf(read.dataType);
  const elements = elementsOf(read.dims);
  const expected = bits === undefined ? undefined : Math.ceil((elements * bits) / 8);
  if (read.location === EXTERNAL) return { name: read.name, external: externalData(bytes, read, expected ?? 0) };
  if (!read.segment) checkElements(bytes, read, elements, expected);
  return { name: read.name };
}

function checkElements(bytes: SparseBytes, read: Fields, elements: number, expected: number | undefined): void {
  const { name: type } = elementTypeOf(read.dataType);
  const shape = `its shape [${read.dims.join(', ')}] of ${type}`;
  if (read.rawBytes !== undefined) {
    if (expected === undefined || read.rawBytes === expected) return;
    throw bytes.malformed(`the tensor ${shownName(read.name)} has ${read.rawBytes} bytes, which do not fit ${shape}`);
  }
  if (read.elements !== undefined) {
    // A complex number is two of them.
    if (read.elements === elements * (type.startsWith('complex') ? 2 : 1)) return;
    throw bytes.malformed(
      `the tensor ${shownName(read.name)} has ${read.elements} elements, which do not fit ${shape}`,
    );
  }
  if (!read.others && elements > 0)
    throw bytes.malformed(`the tensor ${shownName(read.name)} lacks the elements of ${shape}`);
}

/** Offset and length are texts, and may be left out. */
function externalData(bytes: SparseBytes, { name, properties }: Fields, expected: number): ExternalData {
  const entries = new Map<string, string>();
  for (const field of properties) {
    const { key, value } = decodeMessage(bytes, STRING_ENTRY, field);
    entries.set(key, value);
  }
  const location = entries.get('location');
  const start = Number(entries.get('offset') ?? 0);
  const length = Number(entries.get('length') ?? expected);
  if (location === undefined || !Number.isSafeInteger(start + length) || start < 0) {
    throw bytes.malformed(`does not state the location of the external data of the tensor ${shownName(name)}`);
  }
  if (length < expected) {
    throw bytes.malformed(
      `the tensor ${shownName(name)} has ${length} bytes of external data, but should have ${expected}`,
    );
  }
  return { location, start, length };
}
