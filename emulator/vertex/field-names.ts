/** The lowerCamelCase name of a field that can be in snake_case. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The snake_case name of a field, as errors have it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Longest part of a request in an answer, in characters. */
const MAX_SHOWN = 200;

/** A part of a request, cut for an answer. */
export function shown(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}
