const REDACTED = '[redacted]';

/** Names of values that are secret wherever they appear: in JSON, in a form, in a query string, in a header. */
const SECRET_NAMES = [
  'access_token',
  'refresh_token',
  'id_token',
  'subject_token',
  'client_secret',
  'private_key',
  'private_key_id',
  'assertion',
  'password',
  'passcode',
  'x-goog-signature',
  'x-goog-credential',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'signature',
  'accessToken',
  'secretAccessKey',
  'sessionToken',
].join('|');

/** Where a word starts: also behind a character of a URL that is written as `%20`. */
const START = '(?:(?<![\\w-])|(?<=%[0-9A-Fa-f]{2}))';

// Each pattern starts where a word starts and reads on without going back, so that a long text costs one pass.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Keys and certificates, also with their line breaks escaped, and also without an end.
  [/-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)/g, REDACTED],
  [new RegExp(`${START}(bearer|basic)(?:[ \\t]|%20)+[^\\s"',;<>\\\\]+`, 'gi'), `$1 ${REDACTED}`],
  // JSON Web Tokens.
  [new RegExp(`${START}eyJ[\\w-]+(?:\\.[\\w-]*)*`, 'g'), REDACTED],
  // Google's access tokens, refresh tokens, client secrets and API keys.
  [new RegExp(`${START}(?:ya29\\.|1//0|GOCSPX-|AIza)[\\w./-]+`, 'g'), REDACTED],
  [
    new RegExp(
      `(?<![\\w-])((?:${SECRET_NAMES})\\\\?["']?[ \\t]{0,8}[=:][ \\t]{0,8}\\\\?["']?)[^\\s"'&,;}<>\\\\]+`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
];

/** A run of characters that can be a URL. */
const WORD = /[^\s"'<>]+/g;

/** User and password, query and fragment of a URL: signed URLs carry their right there. */
function withoutUrlSecrets(word: string): string {
  const scheme = word.indexOf('://');
  if (scheme < 0) return word;
  const rest = word.slice(scheme + 3);
  const [place = ''] = rest.split(/[?#]/, 1);
  const query = place.length < rest.length ? `?${REDACTED}` : '';
  const slash = place.indexOf('/');
  const at = (slash < 0 ? place : place.slice(0, slash)).lastIndexOf('@');
  return `${word.slice(0, scheme + 3)}${at < 0 ? place : `${REDACTED}${place.slice(at)}`}${query}`;
}

/**
 * The text without credentials: tokens, keys, signatures, and the queries of URLs. Every message, stack and log line
 * that can contain what a service, a file or a credential source said passes through it.
 */
export function redact(text: string): string {
  const redacted = PATTERNS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
  return redacted.includes('://') ? redacted.replace(WORD, withoutUrlSecrets) : redacted;
}
