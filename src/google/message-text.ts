import { cut, printable } from '../internal/text';
import { redact } from '../internal/redact';

/** Longest message of an error, in UTF-16 code units. */
const MAX_MESSAGE_LENGTH = 2_000;
/** What is searched for credentials; what is behind it never reaches a message. */
const MAX_SEARCHED_LENGTH = 8_192;

/** Text of a reply, a peer or a request as a message can show it: one line, bounded, valid Unicode, without credentials. */
export function messageText(text: string, maxLength = MAX_MESSAGE_LENGTH): string {
  return cut(printable(redact(cut(text, MAX_SEARCHED_LENGTH))), maxLength);
}
