import { cut } from '../internal/text';

/** Of one line, in characters: a name can have megabytes. */
const MAX_LINE_LENGTH = 1_000;

/**
 * What a terminal would act on or not show: control characters (C0, C1, DEL), format characters (among them those that
 * turn the direction of text around, and those without width), line and paragraph separators, halves of a surrogate
 * pair.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u{2028}\u{2029}]/gu;

/** Each unprintable character as `\uXXXX`, which is also its form in JSON. */
function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    // By UTF-16 code unit: JSON has no other form for what is beyond U+FFFF.
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The text on one line as a terminal may get it: escaped, not interpreted, and cut where it is too long. */
export function terminalText(text: string): string {
  return escaped(cut(text, MAX_LINE_LENGTH));
}

/** The value as one line of JSON that a terminal may get, too. */
export function terminalJson(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** Where a command prints: everything that it was given passes {@link terminalText} or {@link terminalJson}. */
export class Output {
  constructor(private readonly stream: Pick<NodeJS.WriteStream, 'write'>) {}

  /** One line. */
  line(text: string): void {
    this.stream.write(`${terminalText(text)}\n`);
  }

  json(value: unknown): void {
    this.stream.write(`${terminalJson(value)}\n`);
  }

  /** A text of this package with its line breaks: never one that has anything from outside. */
  help(text: string): void {
    this.stream.write(text);
  }
}
