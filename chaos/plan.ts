import { Random } from './random';

/** What people do to one export while it runs. */
export type Intervention = 'none' | 'pause' | 'reset' | 'cancel';

export interface PlannedExport {
  readonly format: string;
  /** How long its operation runs, in milliseconds. */
  readonly durationMs: number;
  /** From the start of the run, in milliseconds. */
  readonly startAfterMs: number;
  readonly intervention: Intervention;
  /** From the export's start, in milliseconds. */
  readonly interveneAfterMs: number;
}

export interface PlannedKill {
  readonly victim: 'worker' | 'server';
  /** Since the kill before, in milliseconds. */
  readonly afterMs: number;
}

export interface ChaosPlan {
  readonly exports: readonly PlannedExport[];
  readonly kills: readonly PlannedKill[];
}

const FORMATS = ['tflite', 'edgetpu-tflite', 'tf-saved-model', 'core-ml', 'tf-js'] as const;
/** Of ten exports, so many are left alone, paused, reset and cancelled. */
const INTERVENTIONS = ['none', 'none', 'none', 'none', 'none', 'none', 'none', 'pause', 'reset', 'cancel'] as const;
/** One kill in so many hits the server, the others a worker: a server takes longer to come back. */
const SERVER_KILL_IN = 5;
const MEAN_KILL_GAP_MS = 4_000;

/** What a run does and when; the same for the same seed. */
export function planChaos(seed: number, exports: number, kills: number): ChaosPlan {
  const random = new Random(seed);
  // Exports start over the time in which things are killed.
  const spanMs = kills * MEAN_KILL_GAP_MS;
  return {
    exports: Array.from({ length: exports }, () => ({
      format: random.pick(FORMATS),
      durationMs: random.between(200, 15_000),
      startAfterMs: random.between(0, spanMs),
      intervention: random.pick(INTERVENTIONS),
      interveneAfterMs: random.between(500, 6_000),
    })),
    kills: Array.from({ length: kills }, () => ({
      victim: random.between(1, SERVER_KILL_IN) === 1 ? 'server' : 'worker',
      afterMs: random.between(MEAN_KILL_GAP_MS / 2, (MEAN_KILL_GAP_MS * 3) / 2),
    })),
  };
}
