import { shown } from './field-names';
import type { FieldTree } from './field-tree';
import { emptyTree, nodeAt, unknownPaths } from './field-tree';
import type { ApiVersion } from './operations';
import { invalidFields } from './request-parameters';

/** Longest selection, in characters. */
const MAX_LENGTH = 2_000;

/**
 * Parses the `fields` parameter: names separated by commas, with `a/b` or `a.b` for a field of a field, `a(b,c)` for
 * several, and `*` for all. Source: https://cloud.google.com/storage/docs/json_api#partial-response
 *
 * @param message type of the answer
 * @throws ApiError INVALID_ARGUMENT if it can't be parsed or names unknown fields
 */
export function parseFields(text: string, message: string, apiVersion: ApiVersion): FieldTree {
  if (text.length > MAX_LENGTH) throw notParsed(text, `it has more than ${MAX_LENGTH} characters`);
  const tokens = text.match(/[/.(),]|[^/.(),]+/g) ?? [];
  const root = emptyTree();
  let next = 0;
  const accept = (...expected: string[]): boolean => {
    const isNext = expected.includes(tokens[next] ?? '');
    if (isNext) next += 1;
    return isNext;
  };
  const parseList = (parent: FieldTree): void => {
    do {
      const path: string[] = [];
      do {
        const name = tokens[next]?.trim() ?? '';
        if (!/^(?:@?\w[\w@-]*|\*)$/.test(name)) throw notParsed(text, 'a name is missing or invalid');
        path.push(name);
        next += 1;
      } while (accept('/', '.'));
      const node = nodeAt(parent, path);
      if (accept('(')) {
        parseList(node);
        if (!accept(')')) throw notParsed(text, 'a parenthesis is not closed');
      } else node.whole = true;
    } while (accept(','));
  };
  parseList(root);
  if (next < tokens.length) throw notParsed(text, `"${shown(tokens[next] ?? '')}" is not expected`);
  const unknown = unknownPaths(root, message, apiVersion);
  if (unknown.length > 0) {
    throw invalidFields(
      unknown.map((path) => [
        path,
        `Error expanding 'fields' parameter. Cannot find matching fields for path '${shown(path)}'.`,
      ]),
      'Request contains an invalid argument.',
    );
  }
  return root;
}

function notParsed(text: string, problem: string): Error {
  const description = `Error parsing 'fields' parameter "${shown(text)}": ${problem}.`;
  return invalidFields([['fields', description]], 'Request contains an invalid argument.');
}
