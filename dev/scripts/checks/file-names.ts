import path from 'node:path';
import type { Finding } from './finding';
import { filesBelow } from './tree';

const REFUSED = /(^|-)(utils?|helpers?|common|misc)$/;
const FOLDERS = ['src', 'emulator', 'examples', 'dev', 'test'];

/** Finds files and folders whose name does not describe their contents. */
export function checkFileNames(root: string): Finding[] {
  return FOLDERS.flatMap((folder) => filesBelow(root, folder, ['.ts', '.mts', '.cts', '.js'])).flatMap((file) => {
    const refused = file.split('/').find((part) => REFUSED.test(path.parse(part).name.replace(/\.test$/, '')));
    if (refused === undefined) return [];
    return [
      { file, line: 1, message: `the name ${refused} does not describe the contents. Name it after its one idea.` },
    ];
  });
}
