import type { ManifestCheckProgress } from '../manifest/check';

const WIDTH = 30;
/** Shortest time between two drawings of the bar, in milliseconds. */
const EVERY_MS = 100;
const MIB = 1024 * 1024;

/** Draws the progress of a check. It draws on a terminal only, because it overwrites its line. */
export class ProgressBar {
  private drawnAt = 0;
  private isDrawn = false;

  constructor(private readonly stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>) {}

  show({ unit, done, total }: ManifestCheckProgress): void {
    const isLast = done === total;
    if (!this.stream.isTTY || (!isLast && Date.now() - this.drawnAt < EVERY_MS)) return;
    this.drawnAt = Date.now();
    this.isDrawn = true;
    const share = total === 0 ? 1 : done / total;
    const filled = Math.round(share * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    this.stream.write(`\r\u001b[K${bar} ${Math.floor(share * 100)} %  ${amount(unit, done)} of ${amount(unit, total)}`);
  }

  /** Removes the bar. */
  clear(): void {
    if (this.isDrawn) this.stream.write('\r\u001b[K');
  }
}

function amount(unit: ManifestCheckProgress['unit'], count: number): string {
  return unit === 'files' ? `${count} files` : `${(count / MIB).toFixed(1)} MiB`;
}
