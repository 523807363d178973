const REDACTED = '[redacted]';

/** Names of values that are always secret: in JSON, forms, query strings and headers. */
const SECRET_NAMES = [
  '(?:access|refresh|id|subject|actor|auth|session|security|federated|csrf|bearer|api)[_-]?token',
  '(?:client|shared|consumer|app)[_-]?secret',
  '(?:private|api|secret|account|encryption)[_-]?key(?:[_-]?id)?',
  '(?:secret[_-]?)?access[_-]?key(?:[_-]?id)?',
  'x-goog-(?:signature|credential|api-key|iam-authorization-token)',
  'x-amz-(?:signature|credential|security-token)',
  'x-serverless-authorization',
  '(?:proxy-)?authorization',
  '(?:client[_-]?)?assertion',
  'saml[_-]?response',
  'signature',
  'password',
  'passwd',
  'passcode',
  'passphrase',
  'secret',
  'token',
  'sig',
].join('|');

/** The characters of a value, up to the end of a word or field; JSON escapes are included. */
const VALUE = String.raw`(?:[^\s"'&,;}<>\\]|\\[/u])+`;
/** Where a token can begin: not within a word, but directly after an escaped character of a URL or of JSON. */
const BEGIN = String.raw`(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{4}))`;
const SPACE = String.raw`(?:[ \t]|%20|\+){1,8}`;

// Each pattern starts at the beginning of a word and never backtracks, so that a long text needs one pass.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Keys and certificates, also with their line breaks escaped, and also without an end.
  [/-----BEGIN[A-Z ]{0,40}(?:-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)|-{0,4}$)/g, REDACTED],
  // The same without its first line: the beginning of a private key or certificate in base64.
  [/(?<![\w+/])MI[IHG][\w+/=\\-]{20,}/g, REDACTED],
  [new RegExp(`${BEGIN}(bearer|basic|oauth|negotiate)(${SPACE})${VALUE}`, 'gi'), `$1$2${REDACTED}`],
  // JSON Web Tokens.
  [new RegExp(String.raw`${BEGIN}eyJ[\w-]+(?:\.[\w-]*)*`, 'g'), REDACTED],
  // Access tokens, refresh tokens, codes, client secrets, API keys and HMAC keys of Google.
  [/ya29\.(?:[\w.~+/=-]|\\\/)+/g, REDACTED],
  [new RegExp(String.raw`${BEGIN}(?:1\\?/\\?/|4\\?/0|GOCSPX-|AIza|GOOG1[A-Z0-9])(?:[\w./-]|\\/)+`, 'g'), REDACTED],
  // Keys and tokens of other services that credential sources and models' stores use.
  [
    new RegExp(
      String.raw`${BEGIN}(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|gh[opsur]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|hf_\w{16,}|npm_\w{16,}|sk-[\w-]{16,}|xox[a-z]-[\w-]{8,})`,
      'g',
    ),
    REDACTED,
  ],
  // Cookies, up to the end of the header.
  [/(?<![\w-])((?:set-)?cookie["']?[ \t]{0,8}[=:])[^\r\n"]+/gi, `$1 ${REDACTED}`],
  // A named value in quotes, with everything up to the quote at its end.
  [
    new RegExp(String.raw`${BEGIN}((?:${SECRET_NAMES})["']?[ \t]{0,8}[=:][ \t]{0,8}")(?:[^"\\]|\\[\s\S])+`, 'gi'),
    `$1${REDACTED}`,
  ],
  // A named value without quotes, or in a string of JSON within another one.
  [
    new RegExp(
      String.raw`${BEGIN}((?:${SECRET_NAMES})(?:\\?["']|%22)?[ \t]{0,8}(?:[=:]|%3[AaDd])[ \t]{0,8}(?:\\?["']|%22)?)(?!\[redacted\])${VALUE}`,
      'gi',
    ),
    `$1${REDACTED}`,
  ],
];

/** A run of characters that can be a URL. */
const WORD = /[^\s"'<>]+/g;

/** Removes user, password, query and fragment of each URL in a word: signed URLs have credentials there. */
function withoutUrlSecrets(word: string): string {
  const scheme = word.indexOf('://');
  // Object names of Cloud Storage can have all of these characters, and contain no credentials.
  if (scheme < 0 || /\bgs$/i.test(word.slice(Math.max(0, scheme - 3), scheme))) return word;
  const rest = word.slice(scheme + 3);
  const [place = ''] = rest.split(/[?#]/, 1);
  const query = place.length < rest.length ? `?${REDACTED}` : '';
  const slash = place.indexOf('/');
  const at = (slash < 0 ? place : place.slice(0, slash)).lastIndexOf('@');
  return `${word.slice(0, scheme + 3)}${at < 0 ? place : `${REDACTED}${place.slice(at)}`}${query}`;
}

/**
 * Removes credentials from a text: tokens, keys, signatures, and the queries of URLs. Every message, stack and log line that
 * can contain text of a service, a file or a credential source passes through it.
 */
export function redact(text: string): string {
  const redacted = PATTERNS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
  return redacted.includes('://') ? redacted.replace(WORD, withoutUrlSecrets) : redacted;
}
