const MAX_BLOCK = 512;

/** A set of names in the order of their UTF-8 bytes. Blocks keep an insertion cheap, however many names there are. */
export class SortedNames {
  private readonly blocks: string[][] = [];

  add(name: string): void {
    const at = this.blockOf(name);
    const block = this.blocks[at];
    if (block === undefined) {
      this.blocks.push([name]);
      return;
    }
    const index = firstFrom(block, name);
    if (block[index] === name) return;
    block.splice(index, 0, name);
    if (block.length > MAX_BLOCK) this.blocks.splice(at + 1, 0, block.splice(MAX_BLOCK / 2));
  }

  delete(name: string): void {
    const at = this.blockOf(name);
    const block = this.blocks[at];
    const index = block === undefined ? 0 : firstFrom(block, name);
    if (block?.[index] !== name) return;
    block.splice(index, 1);
    if (block.length === 0) this.blocks.splice(at, 1);
  }

  /** The first name that is not before `from`. */
  first(from: string): string | undefined {
    const at = this.blockOf(from);
    const block = this.blocks[at];
    return block && (block[firstFrom(block, from)] ?? this.blocks[at + 1]?.[0]);
  }

  /** The first name after `name`. */
  after(name: string): string | undefined {
    // Nothing sorts between a name and the same name with a zero character at its end.
    return this.first(`${name}\0`);
  }

  get isEmpty(): boolean {
    return this.blocks.length === 0;
  }

  /** Index of the last block that begins at or before a name; 0 if there is none. */
  private blockOf(name: string): number {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.blocks[middle]?.[0];
      if (first !== undefined && compareNames(first, name) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}

/** Index of the first name of a block that is not before `name`. */
function firstFrom(block: readonly string[], name: string): number {
  let [low, high] = [0, block.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = block[middle];
    if (found !== undefined && compareNames(found, name) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Compares names by their UTF-8 bytes. UTF-16 puts characters of two units before those from U+E000 on. */
export function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const [a, b] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (a === b) continue;
    const [isPairA, isPairB] = [isSurrogate(a), isSurrogate(b)];
    return isPairA === isPairB ? a - b : isPairA ? 1 : -1;
  }
  return one.length - other.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
