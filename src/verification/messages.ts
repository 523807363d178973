import { cut, printable } from '../internal/text';

/** Longest finding or note, in characters: they become part of workflow history. */
export const MAX_MESSAGE_LENGTH = 300;
/** Longest name in a message, in characters. */
const MAX_NAME_LENGTH = 150;
/** Most names in a message. */
const MAX_NAMES = 5;
/** Longest name in a list of several, in characters. */
const MAX_LISTED_LENGTH = 60;
/** Longest text that is made printable, in characters; longer ones are cut first. */
const MAX_SOURCE_LENGTH = 4 * MAX_MESSAGE_LENGTH;

/** Makes a text from outside safe to show: one line of valid Unicode, without control characters, of limited length. */
export function shown(text: string, maxLength: number): string {
  return cut(printable(cut(text, Math.max(maxLength, MAX_SOURCE_LENGTH))), maxLength);
}

/** Makes a name from outside safe to show. A long one loses its middle, because its end shows the kind of the file. */
export function shownName(name: string, maxLength = MAX_NAME_LENGTH): string {
  if (name.length <= maxLength) return shown(name, maxLength);
  const half = Math.floor((maxLength - 1) / 2);
  return cut(printable(`${name.slice(0, half)}…${name.slice(-half)}`), maxLength);
}

/** A message about a file: its path and the text, cut to 300 characters. */
export function messageAbout(path: string, text: string): string {
  return shown(`${shownName(path)}: ${text}`, MAX_MESSAGE_LENGTH);
}

/** Lists the first five names, and counts the others. */
export function listed(names: readonly string[], count = names.length): string {
  const first = names.slice(0, MAX_NAMES).map((name) => shownName(name, MAX_LISTED_LENGTH));
  const more = count - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The line that counts messages which were not kept. */
export function moreLine(count: number, what: string): string {
  return `and ${count} more ${what}`;
}

/** The number in a line that counts messages; `undefined` if the line is a message. */
export function countedBy(line: string): number | undefined {
  const [, count] = /^and (\d{1,16}) more (?:findings|notes)$/.exec(line) ?? [];
  return count === undefined ? undefined : Number(count);
}

/** A list of findings or notes. It keeps the first ones, each cut to 300 characters, and counts the others. */
export class Messages {
  private readonly kept: string[] = [];
  private count = 0;

  /** @param what names the messages in the line that counts the others: `findings` */
  constructor(
    private readonly what: string,
    private readonly maxCount: number,
  ) {}

  add(text: string, count = 1): void {
    this.count += count;
    if (this.kept.length < this.maxCount) this.kept.push(shown(text, MAX_MESSAGE_LENGTH));
  }

  /** Adds the messages of another list, including those that it only counted. */
  addAll(others: Messages): void {
    for (const text of others.kept) this.add(text);
    this.count += others.count - others.kept.length;
  }

  /** Removes all messages. */
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
