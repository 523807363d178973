import { Random } from './random';

/** Interventions in one export while it runs. */
export const INTERVENTIONS = [
  'pause',
  'resetActivity',
  'resetToFirstTask',
  'resetAfterSelect',
  'resetAfterStart',
  'resetMidWait',
  'resetThenCancel',
  'cancel',
  'terminate',
  'deadline',
] as const;
export type Intervention = (typeof INTERVENTIONS)[number];

/** Interventions in a fleet, or in one of its running exports. */
export const FLEET_INTERVENTIONS = [
  'resetChild',
  'cancelChild',
  'terminateChild',
  'resetFleet',
  'cancelFleet',
] as const;
export type FleetIntervention = (typeof FLEET_INTERVENTIONS)[number];

/** Events that affect the machines and the services, independent of exports. */
export const EVENTS = [
  'killWorker',
  'killServer',
  'freezeWorker',
  'freezeServer',
  'rollingDeploy',
  'fewSlots',
  'lateList',
  'refusedList',
  'lateEffect',
  'wrongStatus',
] as const;
export type EventKind = (typeof EVENTS)[number];

export interface PlannedExport {
  readonly format: string;
  /** How long its operation runs, in milliseconds. */
  readonly durationMs: number;
  /** The outcome of its first operation. A second one succeeds. */
  readonly firstOutcome: 'success' | 'error' | 'empty-file';
  readonly deletePartialArtifacts: boolean;
}

/** An export that does not belong to a fleet. */
export interface PlannedSingle extends PlannedExport {
  /** From the start of the run, in milliseconds. */
  readonly startAfterMs: number;
  readonly intervention?: Intervention;
  /** From the export's start, in milliseconds. */
  readonly interveneAfterMs: number;
  /** From the export's start, in milliseconds. */
  readonly deadlineMs?: number;
}

export interface PlannedFleet {
  readonly startAfterMs: number;
  readonly maxConcurrent: number;
  readonly exports: readonly PlannedExport[];
  readonly intervention?: FleetIntervention;
  readonly interveneAfterMs: number;
  /** From 0 to below 1: which of the exports that run then. */
  readonly victim: number;
}

export interface PlannedEvent {
  readonly kind: EventKind;
  /** From the start of the run, in milliseconds. */
  readonly afterMs: number;
  /** The duration in milliseconds. A kill has none. */
  readonly durationMs: number;
  /** Which of several workers, or of several variants. */
  readonly choice: number;
}

export interface ChaosPlan {
  readonly seed: number;
  readonly singles: readonly PlannedSingle[];
  readonly fleets: readonly PlannedFleet[];
  readonly events: readonly PlannedEvent[];
}

const FORMATS = ['tflite', 'edgetpu-tflite', 'tf-saved-model', 'core-ml', 'tf-js'] as const;
const OUTCOMES = [
  'success',
  'success',
  'success',
  'success',
  'success',
  'success',
  'success',
  'error',
  'empty-file',
] as const;

/** One export in this many belongs to a fleet. */
const IN_FLEETS = 5;
const FLEET_SIZE = 10;
/** A new export starts after this time on average, in milliseconds. */
const MEAN_START_GAP_MS = 1_300;
const SHORTEST_SPAN_MS = 20_000;
/** Something happens to machines and services after this time on average, in milliseconds. */
const MEAN_EVENT_GAP_MS = 4_500;
/** Kills and freezes of workers are the most frequent events. */
const EVENT_DECK: readonly EventKind[] = [...EVENTS, 'killWorker', 'killWorker', 'freezeWorker'];

/** Half of the single exports have no intervention. */
const SINGLE_DECK: readonly (Intervention | undefined)[] = [...INTERVENTIONS, ...INTERVENTIONS.map(() => undefined)];
const FLEET_DECK: readonly (FleetIntervention | undefined)[] = [...FLEET_INTERVENTIONS, undefined];

/** How long an event lasts, in milliseconds. A frozen worker is silent for longer than the heartbeat timeout, 3 s. */
const DURATIONS: Readonly<Record<EventKind, readonly [number, number]>> = {
  killWorker: [0, 0],
  killServer: [0, 0],
  freezeWorker: [4_000, 7_000],
  freezeServer: [3_000, 8_000],
  rollingDeploy: [0, 0],
  fewSlots: [8_000, 15_000],
  lateList: [8_000, 20_000],
  refusedList: [4_000, 12_000],
  lateEffect: [5_000, 12_000],
  wrongStatus: [5_000, 10_000],
};

/** The starts, interventions and events of a run with their times. The same seed has the same plan. */
export function planChaos(seed: number, exports: number): ChaosPlan {
  const random = new Random(seed);
  const spanMs = Math.max(SHORTEST_SPAN_MS, exports * MEAN_START_GAP_MS);
  const inFleets = Math.floor(exports / IN_FLEETS);
  const sizes = Array.from({ length: Math.ceil(inFleets / FLEET_SIZE) }, (_, index) =>
    Math.min(FLEET_SIZE, inFleets - index * FLEET_SIZE),
  );
  const interventions = random.deal(SINGLE_DECK, exports - inFleets);
  return {
    seed,
    singles: interventions.map((intervention) => plannedSingle(random, spanMs, intervention)),
    fleets: random.deal(FLEET_DECK, sizes.length).map((intervention, index) => ({
      startAfterMs: random.between(0, spanMs / 2),
      maxConcurrent: random.between(3, 5),
      exports: Array.from({ length: sizes[index] ?? 0 }, () => plannedExport(random)),
      ...(intervention && { intervention }),
      interveneAfterMs: random.between(5_000, 15_000),
      victim: random.next(),
    })),
    events: plannedEvents(random, spanMs),
  };
}

function plannedExport(random: Random): PlannedExport {
  return {
    format: random.pick(FORMATS),
    durationMs: random.between(200, 15_000),
    firstOutcome: random.pick(OUTCOMES),
    deletePartialArtifacts: random.between(0, 1) === 1,
  };
}

function plannedSingle(random: Random, spanMs: number, intervention: Intervention | undefined): PlannedSingle {
  return {
    ...plannedExport(random),
    startAfterMs: random.between(0, spanMs),
    interveneAfterMs: random.between(500, 10_000),
    ...(intervention && { intervention }),
    ...(intervention === 'deadline' && { deadlineMs: random.between(3_000, 12_000) }),
  };
}

function plannedEvents(random: Random, spanMs: number): PlannedEvent[] {
  const count = Math.max(EVENT_DECK.length, Math.round(spanMs / MEAN_EVENT_GAP_MS));
  return random
    .deal(EVENT_DECK, count)
    .map((kind) => {
      const [shortest, longest] = DURATIONS[kind];
      return {
        kind,
        afterMs: random.between(1_000, spanMs),
        durationMs: random.between(shortest, longest),
        choice: random.between(0, 999),
      };
    })
    .sort((a, b) => a.afterMs - b.afterMs);
}
