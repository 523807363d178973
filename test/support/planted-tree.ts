import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Finding } from '../../dev/scripts/checks/finding';
import { temporaryFolder } from './models';

/** Makes a temporary repository of these files, by path, and returns its folder. */
export function plantedTree(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder('vertex-export-planted-');
  for (const [file, content] of Object.entries(files)) {
    const target = path.join(root, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  return root;
}

/** Each finding as `file:line`, sorted. */
export function places(findings: readonly Finding[]): string[] {
  return findings.map(({ file, line }) => `${file}:${line}`).sort();
}
