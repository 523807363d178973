import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { lineAt, type Finding } from '../finding';
import { filesBelow } from '../tree';
import dialect from './dialect.json';
import { passagesOf, type Passage } from './passages';

const rowSchema = z.strictObject({
  /** Regular expression of the phrases in comments, string literals and Markdown. */
  text: z.string().optional(),
  /** Regular expression of the words in names, which are split into words first. */
  name: z.string().optional(),
  /** Fields that `name` accepts, because they cross a boundary and cannot be renamed. Needs a reason. */
  fields: z.string().array().optional(),
  /** Why `fields` cannot be renamed. */
  reason: z.string().optional(),
  /** The plain words. */
  use: z.string(),
  /** A sentence that contains a phrase of `text`. */
  example: z.string(),
});

/** The words and phrases that this repository does not use, with a plain replacement each. */
export const DIALECT = rowSchema
  .refine(({ fields, reason }) => (fields === undefined) === (reason === undefined), 'fields need a reason')
  .array()
  .parse(dialect);

const ROWS = DIALECT.map(({ use, fields = [], ...patterns }) => ({
  use,
  fields,
  text: expression(patterns.text),
  name: expression(patterns.name),
}));

const FOLDERS = ['src', 'emulator', 'examples', 'dev', 'test'];

/** Finds words and phrases of the dialect in comments, string literals, names and Markdown. */
export function checkLanguage(root: string): Finding[] {
  const sources = FOLDERS.flatMap((folder) => filesBelow(root, folder, ['.ts', '.mts', '.cts']));
  return [
    ...sources.flatMap((file) => findingsIn(root, file, passagesOf)),
    ...filesBelow(root, '', ['.md']).flatMap((file) =>
      findingsIn(root, file, (_file, text) => [{ kind: 'text', text, offset: 0 }]),
    ),
  ];
}

function findingsIn(root: string, file: string, passages: (file: string, text: string) => Passage[]): Finding[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return passages(file, text)
    .flatMap((passage) =>
      ROWS.flatMap(({ use, fields, ...row }) => {
        if (passage.kind === 'name' && passage.isField && fields.includes(passage.text)) return [];
        const matches = [...passage.text.matchAll(row[passage.kind] ?? /$^/g)];
        return matches.map(({ 0: found, index }) => ({
          file,
          line: lineAt(text, passage.kind === 'name' ? passage.offset : passage.offset + index),
          message: `${passage.kind === 'name' ? 'the name with ' : ''}"${found.trim().replaceAll(/\s+/g, ' ')}": write ${use}.`,
        }));
      }),
    )
    .sort((one, other) => one.line - other.line);
}

/** Spaces of a pattern also match the end of a line. Only an initial that is written as a capital needs one. */
function expression(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  const flags = /[A-Z]/.test(pattern.replaceAll(/\\./g, '').replaceAll(/JSON|UR[LI]/g, '')) ? 'gm' : 'gim';
  return new RegExp(pattern.replaceAll(' ', '\\s+'), flags);
}
