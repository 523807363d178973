/**
 * Number of elements of a tensor: 1 without dimensions; 0 if one is 0, even if the product of the others is infinite.
 */
export function elementsOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, side) => product * side, 1);
}
