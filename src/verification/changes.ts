import type { ExportedFile } from '../contract';

/** What changed from one listing of a directory to the next, file by file. */
export function changesBetween(before: readonly ExportedFile[], after: readonly ExportedFile[]): string[] {
  const first = new Map(before.map((file) => [file.path, file.generation]));
  const second = new Map(after.map((file) => [file.path, file.generation]));
  return [
    ...[...second.keys()].filter((path) => !first.has(path)).map((path) => `${path} appeared while it was verified`),
    ...[...first].flatMap(([path, generation]) => {
      const now = second.get(path);
      if (now === generation) return [];
      return [
        now === undefined ? `${path} disappeared while it was verified` : `${path} was replaced while it was verified`,
      ];
    }),
  ];
}
