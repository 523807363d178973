import { badRequest } from '../api-error';
import { camelCase, shown, snakeCase } from './field-names';
import type { FieldTree } from './field-tree';
import { emptyTree, nodeAt, unknownPaths } from './field-tree';
import type { ApiVersion } from './operations';

/** Longest mask, in characters. */
const MAX_LENGTH = 2_000;
const PATH = /^(?:\*|[a-zA-Z]\w*(?:\.(?:[\w-]+|`[^`]+`))*)$/;

/**
 * The paths of a FieldMask such as `name,modelSourceInfo.sourceType`, in lowerCamelCase.
 *
 * @throws ApiError INVALID_ARGUMENT if a path can't be parsed
 */
export function maskPaths(parameter: string, text: string): string[][] {
  if (text.length > MAX_LENGTH) throw invalidMask(parameter, `the mask has more than ${MAX_LENGTH} characters`);
  if (text.trim() === '') return [];
  return text.split(',').map((item) => {
    const path = item.trim();
    if (!PATH.test(path)) throw invalidMask(parameter, `"${shown(path)}" is not a path of fields`);
    const [first = '', ...rest] = (path.match(/`[^`]+`|[^.]+/g) ?? []).map((name) => name.replaceAll('`', ''));
    const isMap = camelCase(first) === 'labels';
    return [camelCase(first), ...(isMap ? rest : rest.map(camelCase))];
  });
}

/**
 * Parses a FieldMask for reading. An empty mask selects everything.
 *
 * @throws ApiError INVALID_ARGUMENT if it can't be parsed or names unknown fields
 */
export function parseFieldMask(parameter: string, text: string, message: string, apiVersion: ApiVersion): FieldTree {
  const root = emptyTree();
  const paths = maskPaths(parameter, text);
  for (const path of paths) nodeAt(root, path).whole = true;
  if (paths.length === 0) root.whole = true;
  const [unknown] = unknownPaths(root, message, apiVersion);
  if (unknown !== undefined) throw invalidMask(parameter, `"${shown(unknown)}" is not a field of ${message}`);
  return root;
}

function invalidMask(parameter: string, problem: string): Error {
  const name = snakeCase(parameter);
  return badRequest(
    name,
    `Invalid value at '${name}' (type.googleapis.com/google.protobuf.FieldMask), Field '${parameter}', ${problem}.`,
  );
}
