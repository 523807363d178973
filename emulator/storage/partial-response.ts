import { StorageError } from './storage-error';

/** The fields that a client asked for; undefined for a field that is wanted as a whole. */
type Selection = Map<string, Selection | undefined>;

/**
 * Keeps the fields of a value that a selection such as `items(name,size),nextPageToken` names.
 *
 * Source: https://cloud.google.com/storage/docs/json_api#partial-response
 *
 * @throws StorageError if the selection is invalid
 */
export function selectFields(value: unknown, fields: string): unknown {
  const parser = new SelectionParser(fields.trim());
  return select(value, parser.parse());
}

function select(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((item) => select(item, selection));
  if (!(value instanceof Object)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
      const key = selection.has(name) ? name : '*';
      if (!selection.has(key)) return [];
      const nested = selection.get(key);
      return [[name, nested === undefined ? inner : select(inner, nested)]];
    }),
  );
}

/** Deepest selection. */
const MAX_DEPTH = 20;

class SelectionParser {
  private position = 0;

  constructor(private readonly fields: string) {}

  parse(): Selection {
    const selection = this.list(0);
    if (this.position < this.fields.length) throw this.failure();
    return selection;
  }

  private list(depth: number): Selection {
    if (depth > MAX_DEPTH) throw this.failure();
    const selection: Selection = new Map();
    do this.path(selection, depth);
    while (this.accept(','));
    return selection;
  }

  /** One entry: a name, then optionally names below it. */
  private path(selection: Selection, depth: number): void {
    if (depth > MAX_DEPTH) throw this.failure();
    const name = /^\s*(\*|[A-Za-z0-9_@-]+)\s*/.exec(this.fields.slice(this.position));
    if (name?.[1] === undefined) throw this.failure();
    this.position += name[0].length;
    let nested: Selection | undefined;
    if (this.accept('/')) {
      nested = new Map();
      this.path(nested, depth + 1);
    } else if (this.accept('(')) {
      nested = this.list(depth + 1);
      if (!this.accept(')')) throw this.failure();
    }
    selection.set(name[1], merged(selection, name[1], nested));
  }

  private accept(character: string): boolean {
    if (this.fields[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  private failure(): StorageError {
    const message = `Invalid field selection ${this.fields.slice(this.position, this.position + 100)}`;
    const at = { locationType: 'parameter', location: 'fields' } as const;
    return new StorageError(400, 'invalidParameter', message, at);
  }
}

/** A field can be named twice: `a/b,a/c`. */
function merged(selection: Selection, name: string, nested: Selection | undefined): Selection | undefined {
  if (!selection.has(name)) return nested;
  const earlier = selection.get(name);
  if (earlier === undefined || nested === undefined) return undefined;
  for (const [inner, selected] of nested) earlier.set(inner, merged(earlier, inner, selected));
  return earlier;
}
