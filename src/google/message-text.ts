import { cut, printable } from '../internal/text';
import { redact } from '../internal/redact';

/** Longest message of an error, in UTF-16 code units. */
const MAX_MESSAGE_LENGTH = 2_000;
/** Longest text that is searched for credentials, in UTF-16 code units; the rest never reaches a message. */
const MAX_SEARCHED_LENGTH = 8_192;

/** Cleans text of a reply, a peer or a request for a message: one line, bounded, valid Unicode, without credentials. */
export function messageText(text: string, maxLength = MAX_MESSAGE_LENGTH): string {
  return cut(printable(redact(cut(text, MAX_SEARCHED_LENGTH))), maxLength);
}
