import type { InspectedTensor } from '../../inspected';
import type { ProtoField } from '../../readers/proto-fields';
import { decodeMessage } from '../../readers/proto-message';
import type { ArrayFeatureType, ImageFeatureType } from './schema';
import { ARRAY_TYPES, COLOR_SPACES, FEATURE_DESCRIPTION } from './schema';
import type { SparseBytes } from '../../readers/sparse-bytes';

/** Types of features that have one value or no shape. */
const SIMPLE_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    int64Type: 'int64',
    doubleType: 'float64',
    stringType: 'string',
    dictionaryType: 'dictionary',
    sequenceType: 'sequence',
  }),
);

/** An input or output of a Core ML model. */
export function readFeature(bytes: SparseBytes, field: ProtoField): InspectedTensor {
  const { name, type } = decodeMessage(bytes, FEATURE_DESCRIPTION, field);
  if (type?.imageType) return { name, ...imageOf(type.imageType) };
  const array = type?.multiArrayType ?? type?.stateType?.arrayType;
  if (array) return { name, ...arrayOf(array) };
  return { name, type: SIMPLE_TYPES.get(type?.Type ?? '') ?? type?.Type ?? 'unspecified' };
}

type Kind = Pick<InspectedTensor, 'type' | 'shape'>;

function arrayOf({ shape, dataType, enumeratedShapes, shapeRange }: ArrayFeatureType): Kind {
  const ranges = shapeRange?.sizeRanges ?? [];
  return {
    type: ARRAY_TYPES[dataType] ?? `type ${dataType}`,
    ...shapeOf([
      shape,
      ...(enumeratedShapes?.shapes ?? []).map((enumerated) => enumerated.shape),
      ranges.map(({ lowerBound }) => lowerBound),
      ranges.map(({ upperBound }) => upperBound),
    ]),
  };
}

/** An image has the shape height x width. */
function imageOf({ width, height, colorSpace, enumeratedSizes, imageSizeRange }: ImageFeatureType): Kind {
  const ranges = [imageSizeRange?.heightRange, imageSizeRange?.widthRange].filter((range) => range != null);
  return {
    type: `image ${COLOR_SPACES[colorSpace] ?? ''}`.trim(),
    ...shapeOf([
      [height, width],
      ...(enumeratedSizes?.sizes ?? []).map((size) => [size.height, size.width]),
      ranges.map(({ lowerBound }) => lowerBound),
      ranges.map(({ upperBound }) => upperBound),
    ]),
  };
}

/** Merges the shapes that a feature may have; -1 replaces sides that differ. Empty shapes are ignored. */
function shapeOf(shapes: readonly (readonly number[])[]): Pick<InspectedTensor, 'shape'> {
  const [first, ...others] = shapes.filter(({ length }) => length > 0);
  if (first === undefined || others.some(({ length }) => length !== first.length)) return {};
  return { shape: first.map((side, index) => (others.every((other) => other[index] === side) ? side : -1)) };
}
