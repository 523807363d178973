import { cut, printable } from '../internal/text';

/** Characters of a finding or a note at most: they become part of workflow history. */
export const MAX_MESSAGE_LENGTH = 300;
/** Characters of a name in a message at most. */
const MAX_NAME_LENGTH = 150;
/** Names in a message at most. */
const MAX_NAMES = 5;
/** Characters of a name in a list of several. */
const MAX_LISTED_LENGTH = 60;
/** What is read of a longer text before it is made printable. */
const MAX_SOURCE_LENGTH = 4 * MAX_MESSAGE_LENGTH;

/** A text from outside for people: on one line, without control characters, valid Unicode, of a limited length. */
export function shown(text: string, maxLength: number): string {
  return cut(printable(cut(text, Math.max(maxLength, MAX_SOURCE_LENGTH))), maxLength);
}

/** A name from outside for people: of a long one the middle is left out, since its end says what kind of file it is. */
export function shownName(name: string, maxLength = MAX_NAME_LENGTH): string {
  if (name.length <= maxLength) return shown(name, maxLength);
  const half = Math.floor((maxLength - 1) / 2);
  return cut(printable(`${name.slice(0, half)}…${name.slice(-half)}`), maxLength);
}

/** A message about a file: its path, and what is the matter with it. At most 300 characters. */
export function messageAbout(path: string, text: string): string {
  return shown(`${shownName(path)}: ${text}`, MAX_MESSAGE_LENGTH);
}

/** Names for a message: the first few, and how many more there are. */
export function listed(names: readonly string[], count = names.length): string {
  const first = names.slice(0, MAX_NAMES).map((name) => shownName(name, MAX_LISTED_LENGTH));
  const more = count - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The line that counts messages which were not kept. */
export function moreLine(count: number, what: string): string {
  return `and ${count} more ${what}`;
}

/** How many messages a line counts; `undefined` where it is a message itself. */
export function countedBy(line: string): number | undefined {
  const [, count] = /^and (\d{1,16}) more (?:findings|notes)$/.exec(line) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** Findings or notes: the first ones are kept, each with at most 300 characters, and the others are counted. */
export class Messages {
  private readonly kept: string[] = [];
  private count = 0;

  /** @param what the messages are in the line that counts the others: `findings` */
  constructor(
    private readonly what: string,
    private readonly maxCount: number,
  ) {}

  add(text: string, count = 1): void {
    this.count += count;
    if (this.kept.length < this.maxCount) this.kept.push(shown(text, MAX_MESSAGE_LENGTH));
  }

  /** Adds the messages of another list, with those that it only counted. */
  addAll(others: Messages): void {
    for (const text of others.kept) this.add(text);
    this.count += others.count - others.kept.length;
  }

  /** Takes back everything. */
  clear(): void {
    this.kept.length = 0;
    this.count = 0;
  }

  /** The messages; the last line counts those that were not kept. */
  get texts(): string[] {
    const more = this.count - this.kept.length;
    return more > 0 ? [...this.kept, moreLine(more, this.what)] : [...this.kept];
  }
}
