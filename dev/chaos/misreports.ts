import type { ExportAttempt, ExportModelResult } from '../../src';
import { PREFIX } from './input';
import type { ExportEnd, ObservedExport, ObservedFleet, World } from './world';

/** Returns one line for each report that differs from the actual events. */
export function misreportsOf(world: World): string[] {
  const byId = new Map(world.exports.map((one) => [one.workflowId, one]));
  return [
    ...world.exports.flatMap((one) =>
      exportProblems(one, world.objects).map((problem) => `${one.workflowId}: ${problem}`),
    ),
    ...world.fleets.flatMap((fleet) => fleetProblems(fleet, byId).map((problem) => `${fleet.workflowId}: ${problem}`)),
  ];
}

function exportProblems(one: ObservedExport, objects: World['objects']): string[] {
  const { end } = one;
  if ('result' in end) return resultProblems(one, end.result, objects);
  return 'report' in end ? reportProblems(one, end, objects) : [];
}

function resultProblems(one: ObservedExport, result: ExportModelResult, objects: World['objects']): string[] {
  const operation = one.operations.find(({ name }) => name === result.operation);
  if (operation === undefined) return [`the operation ${result.operation} is none of this Model`];
  const { artifactOutputUri = '', versionId, formatId, state } = operation;
  const differences = [
    difference('the state of its operation', 'succeeded', state),
    difference('the Model', result.model, `${one.model}@${versionId}`),
    difference('the format', result.exportFormatId, formatId),
    difference('the format that was asked for', result.exportFormatId, one.exportFormatId),
    difference('the place', result.outputInfo.artifactOutputUri, artifactOutputUri),
    difference('the folder', artifactOutputUri.startsWith(`${PREFIX}/${one.workflowId}/`), true),
    difference('the last attempt', result.attempts.at(-1)?.operation, result.operation),
  ];
  return [
    ...differences.flat(),
    ...attemptProblems(one, result.attempts),
    ...fileProblems(result, artifactOutputUri, objects),
  ];
}

function difference(what: string, reported: unknown, happened: unknown): string[] {
  return reported === happened
    ? []
    : [`${what}: ${JSON.stringify(reported)} is reported, and it is ${JSON.stringify(happened)}`];
}

const STATE_AFTER = { succeeded: 'succeeded', failed: 'failed', 'verification-failed': 'succeeded' } as const;

function attemptProblems({ operations }: ObservedExport, attempts: readonly ExportAttempt[]): string[] {
  return attempts.flatMap(({ operation, outcome }) => {
    const state = operations.find(({ name }) => name === operation)?.state;
    return difference(`the attempt ${operation}`, STATE_AFTER[outcome], state);
  });
}

function fileProblems({ files }: ExportModelResult, uri: string, objects: World['objects']): string[] {
  const stored = [...objects].filter(([name]) => name.startsWith(`${uri}/`));
  return [
    ...difference('the number of files', files?.count, stored.length),
    ...difference(
      'the bytes of the files',
      files?.bytes,
      stored.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    ),
    ...(files?.entries ?? []).flatMap(({ path, bytes, crc32c, generation }) => {
      const object = objects.get(`${uri}/${path}`);
      return [
        ...difference(`the size of ${path}`, bytes, object?.bytes),
        ...difference(`the checksum of ${path}`, crc32c, object?.crc32c),
        ...difference(`the generation of ${path}`, generation, object?.generation),
      ];
    }),
  ];
}

type Unsuccessful = Extract<ExportEnd, { readonly report: string }>;

/** The reports of a failed export about its operations and its deletions. */
function reportProblems(one: ObservedExport, end: Unsuccessful, objects: World['objects']): string[] {
  const { report, operation: named, attempts } = end;
  const attempted = new Set(attempts.map(({ operation }) => operation));
  const others = one.operations.filter(({ name }) => !attempted.has(name));
  const hasAnyMayRun = report.includes('may still run');
  const operationProblems = others.flatMap(({ name, state }) => {
    const said = new RegExp(`${name} (ended cancelled|ended failed|had succeeded)`).exec(report)?.[1];
    if (said !== undefined) return difference(name, said.replace(/^ended |^had /, ''), state);
    return named === name || hasAnyMayRun ? [] : [`${name} is ${state}, and the report does not name it: ${report}`];
  });
  const saysNone = report.includes('no operation had been started') && others.length > 0;
  const emptied = [...report.matchAll(/nothing is left in (gs:\/\/\S+\/)/g)].map(([, folder = '']) => folder);
  const left = emptied.flatMap((folder) => [...objects.keys()].filter((name) => name.startsWith(folder)));
  return [
    ...attemptProblems(one, attempts),
    ...operationProblems,
    ...(saysNone ? [`it states that no operation had been started, but there are ${others.length}`] : []),
    ...(left.length > 0
      ? [`it states that nothing is left, but there are ${left.length} objects: ${left[0] ?? ''}`]
      : []),
  ];
}

const OUTCOMES: Readonly<Record<string, string>> = {
  COMPLETED: 'succeeded',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  TERMINATED: 'failed',
};

function fleetProblems({ end, children }: ObservedFleet, exports: ReadonlyMap<string, ObservedExport>): string[] {
  const { result } = end;
  if (result === undefined) return [];
  const reported = result.exports.map(({ workflowId = '' }) => workflowId);
  const { totals } = result;
  const countOf = (outcome: string): number => result.exports.filter((one) => one.outcome === outcome).length;
  return [
    ...difference('its exports', [...reported].sort().join(' '), [...children].sort().join(' ')),
    ...difference('the planned ones', totals.planned, children.length),
    ...difference('the running ones', totals.running, 0),
    ...(['succeeded', 'failed', 'cancelled'] as const).flatMap((outcome) =>
      difference(`the ${outcome} ones`, totals[outcome], countOf(outcome)),
    ),
    ...result.exports.flatMap(({ workflowId = '', outcome, outputInfo }) => {
      const end = exports.get(workflowId)?.end;
      const place = end && 'result' in end ? end.result.outputInfo.artifactOutputUri : undefined;
      return [
        ...difference(`the outcome of ${workflowId}`, outcome, OUTCOMES[end?.status ?? '']),
        ...difference(`the place of ${workflowId}`, outputInfo?.artifactOutputUri, place),
      ];
    }),
  ];
}
