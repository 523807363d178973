/** A fault that a check found, at a location that an editor can open. */
export interface Finding {
  /** Path from the checked folder, with forward slashes. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** Checks the repository at `root`, and returns its faults; a tree without faults returns none. */
export type Check = (root: string) => readonly Finding[] | Promise<readonly Finding[]>;

/** The line of an offset in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
