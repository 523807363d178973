import { homedir } from 'node:os';
import path from 'node:path';

/** Folder of downloaded and built programs, in the user's cache directory. `TEMPORAL_VERTEX_EXPORT_CACHE` replaces it. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = env['TEMPORAL_VERTEX_EXPORT_CACHE'];
  if (chosen) return chosen;
  const home = env['HOME'] ?? homedir();
  const base = process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache');
  return path.join(env['XDG_CACHE_HOME'] ?? base, 'temporal-vertex-export');
}
