/** Elements of a tensor: 1 for one without dimensions, and 0 where one of them is 0, however large the others are. */
export function elementsOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, side) => product * side, 1);
}
