import { Random } from '../chaos/random';
import type { ExportModelInput } from '../../src/contract/export-input';
import type { Call, FaultKind, FaultPlan, FaultWindow, OperationEnd, ServicePlan } from './service';
import type { Budgets } from './worker-slot';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Nothing can stop a request that a process sends when it continues after a freeze directly before the sending: beyond
 * this time the workflow may have ended, and no code searches for the started operation.
 */
const LONGEST_AT_SEND_MS = 8 * SECOND;

/** An event that affects the workers or an export. */
export type EventKind =
  'kill' | 'freeze' | 'freeze at send' | 'shut down' | 'cancel' | 'reset' | 'reset activity' | 'take slots';

export interface PlannedEvent {
  readonly kind: EventKind;
  readonly at: number;
  /** Which worker or export, counted from 0. */
  readonly target: number;
  readonly forMs: number;
}

/** One export that is simulated. */
export interface PlannedExport {
  readonly workflowId: string;
  readonly at: number;
  readonly input: ExportModelInput & { readonly deadline: number };
}

/** The scenario of one seed. */
export interface Scenario {
  readonly exports: readonly PlannedExport[];
  readonly events: readonly PlannedEvent[];
  readonly service: ServicePlan;
  readonly budgets: Budgets;
}

const POLLS: readonly Call[] = ['get', 'wait', 'list'];
const ALL: readonly Call[] = [
  'getModel',
  'export',
  'list',
  'get',
  'wait',
  'cancel',
  'getBucket',
  'listObjects',
  'deleteObject',
];

export function planScenario(seed: number): Scenario {
  const random = new Random(seed);
  const exports = Array.from({ length: random.between(1, 3) }, (_, index) => planExport(random, index));
  const events = Array.from({ length: random.between(0, 5) }, () => planEvent(random, exports.length));
  const { deadline: shortest } = exports.reduce((a, b) => (a.input.deadline < b.input.deadline ? a : b)).input;
  const operations = new Random(seed ^ 0x5eed);
  return {
    exports,
    events: events.sort((a, b) => a.at - b.at),
    service: {
      faults: planFaults(random),
      operation: () => planOperation(operations, shortest),
      cancels: random.next() > 0.03,
      waits: random.next() > 0.3,
    },
    budgets: {
      requests: random.pick([300, 300, 60, 30]),
      submissions: random.pick([60, 60, 5, 1]),
    },
  };
}

function planExport(random: Random, index: number): PlannedExport {
  const deadline = random.pick([10 * MINUTE, 30 * MINUTE, 2 * HOUR, 24 * HOUR]);
  return {
    workflowId: `export-${index}`,
    at: random.between(0, 30 * SECOND),
    input: {
      name: `projects/my-project/locations/us-central1/models/${random.pick([100, 200])}`,
      outputConfig: { exportFormatId: 'tflite', artifactDestination: { outputUriPrefix: 'gs://bucket/out/' } },
      verification: { level: random.pick(['listing', 'listing', 'none']) },
      polling: { heartbeatTimeout: random.pick([10 * SECOND, 60 * SECOND]) },
      deadline,
      maxExportAttempts: random.between(1, 3),
      onBlocked: random.pick(['fail', 'wait']),
      deletePartialArtifacts: random.next() < 0.5,
      ...(random.next() < 0.3 && { longExports: { parkAfter: 5 * MINUTE, checkEvery: random.pick([1, 5]) * MINUTE } }),
    },
  };
}

function planEvent(random: Random, exports: number): PlannedEvent {
  const kind = random.pick([
    ...(['kill', 'kill', 'freeze', 'freeze', 'freeze at send', 'shut down'] as const),
    ...(['cancel', 'reset', 'reset activity', 'take slots'] as const),
  ]);
  // Most difficult cases occur in the first minute.
  const at = random.next() < 0.6 ? random.between(0, 90 * SECOND) : random.between(0, 40 * MINUTE);
  const isWorker = ['kill', 'freeze', 'freeze at send', 'shut down'].includes(kind);
  const longest = random.pick([15 * SECOND, 2 * MINUTE, 10 * MINUTE]);
  const target = random.between(0, isWorker ? 1 : exports - 1);
  const forMs = random.between(SECOND, longest);
  return { kind, at, target, forMs: kind === 'freeze at send' ? Math.min(forMs, LONGEST_AT_SEND_MS) : forMs };
}

function planOperation(random: Random, deadline: number): { durationMs: number; end: OperationEnd } {
  const longest = random.next() < 0.2 ? deadline * 1.2 : 20 * MINUTE;
  return {
    durationMs: random.between(2 * MINUTE, Math.max(3 * MINUTE, longest)),
    end: random.pick([
      'succeeded',
      'succeeded',
      'succeeded',
      'succeeded',
      'passing error',
      'lasting error',
      'without files',
    ]),
  };
}

function planFaults(random: Random): FaultPlan {
  const windows = Array.from({ length: random.between(0, 2) }, () => planWindow(random));
  const changing: readonly FaultKind[] = [
    'unavailable',
    'lost-request',
    'lost-answer',
    'late-effect',
    'aborted',
    'slow',
    'page',
    'throttled',
  ];
  const share = random.pick([0, 0.02, 0.1, 0.3]);
  return {
    windows,
    chances: [
      ...changing.map((kind) => ({ calls: ['export'] as const, kind, chance: share })),
      ...(['unavailable', 'lost-request', 'slow'] as const).map((kind) => ({ calls: ALL, kind, chance: share / 8 })),
      ...(['denied', 'page', 'missing', 'precondition'] as const).map((kind) => ({
        calls: ['get', 'wait'] as const,
        kind,
        chance: share / 8,
      })),
      { calls: ['cancel'], kind: 'lost-answer', chance: share / 4 },
    ],
    // Both together are shorter than the time that the export waits for an operation to be listed.
    listLagMs: random.pick([0, 2 * SECOND, 7 * SECOND]),
    lateEffectMs: random.pick([SECOND, 7 * SECOND]),
  };
}

function planWindow(random: Random): FaultWindow {
  const from = random.next() < 0.5 ? random.between(0, MINUTE) : random.between(0, 30 * MINUTE);
  const [calls, kind] = random.pick<readonly [readonly Call[], FaultKind]>([
    [ALL, 'unavailable'],
    [ALL, 'lost-request'],
    [POLLS, 'page'],
    [['get', 'wait'], 'denied'],
    [['get', 'wait'], 'missing'],
    [['get', 'wait'], 'precondition'],
    [['list'], 'denied'],
    [['list'], 'unimplemented'],
    [['cancel'], 'denied'],
    [['export'], 'denied'],
    [['export'], 'throttled'],
    [['listObjects', 'deleteObject'], 'unavailable'],
  ]);
  return { from, to: from + random.between(SECOND, random.pick([MINUTE, 4 * MINUTE, 30 * MINUTE])), calls, kind };
}
