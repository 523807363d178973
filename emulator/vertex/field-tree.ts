import { fieldOf } from './messages';
import type { ApiVersion } from './operations';

/** A selection of fields. A leaf selects its whole field; `*` selects every field. */
export interface FieldTree {
  readonly children: Map<string, FieldTree>;
  /** Whether the field is selected with everything below it. */
  whole: boolean;
}

export function emptyTree(): FieldTree {
  return { children: new Map(), whole: false };
}

/** The node at a path below a node. It is added if it is missing. */
export function nodeAt(tree: FieldTree, path: readonly string[]): FieldTree {
  return path.reduce((node, name) => {
    const child = node.children.get(name) ?? emptyTree();
    node.children.set(name, child);
    return child;
  }, tree);
}

/** The selected part of a value. A selection of list items applies to each item. */
export function selectFields(value: unknown, tree: FieldTree): unknown {
  if (tree.whole) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => selectFields(item, tree));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]: [string, unknown]): [string, unknown][] => {
      const child = tree.children.get(name) ?? tree.children.get('*');
      return child === undefined ? [] : [[name, selectFields(inner, child)]];
    }),
  );
}

/** Paths of a selection that a message does not have, separated by dots. */
export function unknownPaths(tree: FieldTree, message: string, apiVersion: ApiVersion): string[] {
  return [...tree.children].flatMap(([name, child]) => {
    if (name === '*') return [];
    const field = fieldOf(message, name, apiVersion);
    if (field === undefined) return [name];
    // Maps and values of any type can have every name.
    if (field.shape === 'map' || field.shape === 'list of maps' || field.type === 'any') return [];
    return unknownPaths(child, field.type, apiVersion).map((path) => `${name}.${path}`);
  });
}
