import { cut } from '../internal/text';

/** Longest line, in characters: a name can have megabytes. */
const MAX_LINE_LENGTH = 1_000;

/**
 * Characters that a terminal interprets or does not show: control characters (C0, C1, DEL), format characters (among them
 * those that change the direction of text or have no width), line and paragraph separators, lone surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u{2028}\u{2029}]/gu;

/** Escapes each unprintable character as `\uXXXX`, as in JSON. */
function escaped(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    // By UTF-16 code unit: JSON has no other escape for characters above U+FFFF.
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** The text on one line that is safe for a terminal: escaped, and cut to 1,000 characters. */
export function terminalText(text: string): string {
  return escaped(cut(text, MAX_LINE_LENGTH));
}

/** The value as one line of JSON that is safe for a terminal. */
export function terminalJson(value: unknown): string {
  return escaped(JSON.stringify(value));
}

/** The output of a command. Texts pass {@link terminalText}, values {@link terminalJson}. */
export class Output {
  constructor(private readonly stream: Pick<NodeJS.WriteStream, 'write'>) {}

  /** Prints one line. */
  line(text: string): void {
    this.stream.write(`${terminalText(text)}\n`);
  }

  json(value: unknown): void {
    this.stream.write(`${terminalJson(value)}\n`);
  }

  /** Prints a text of this package with its line breaks. It must not contain anything from outside. */
  help(text: string): void {
    this.stream.write(text);
  }
}
