import type { StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import type { ExportOperation } from '../../google/vertex';
import { exportFailure } from '../failures/failure';
import { isRunOperation } from './run-operation';
import type { ListedOperations } from './run-operations';

/**
 * Refuses a start while another export of the Model writes to the same place: an operation does not name its version, so
 * that the two could not be distinguished.
 *
 * @param mayHaveStarted whether an operation that matches the run may be the run's own
 */
export function requireFreePlace(
  request: StartExportRequest,
  { ofRun, others }: ListedOperations,
  mayHaveStarted: boolean,
): void {
  const other = [...(mayHaveStarted ? [] : ofRun), ...others].find((operation) => isConflicting(operation, request));
  if (other !== undefined) throw placeTaken(other, { nothingStarted: !mayHaveStarted });
}

/** An older operation that writes to the same place as the one that was just started, which must then be cancelled. */
export function olderConflict(
  request: StartExportRequest,
  { ofRun, others }: ListedOperations,
  started: ExportOperation,
): ExportOperation | undefined {
  return [...ofRun, ...others].find(
    (operation) => operation.name !== started.name && isConflicting(operation, request) && isOlder(operation, started),
  );
}

/** Compares by the service's clock. At the same time, the name decides, so that both exports get the same answer. */
function isOlder(a: ExportOperation, b: ExportOperation): boolean {
  const [first = '', second = ''] = [a, b].map(({ metadata }) => metadata.genericMetadata.createTime);
  return first === second ? a.name < b.name : Date.parse(first) < Date.parse(second);
}

function isConflicting(operation: ExportOperation, request: StartExportRequest): boolean {
  return !operation.done && !request.exclude.includes(operation.name) && isSamePlace(operation, request);
}

/** The failure of an export while another one writes to the same place. */
export function placeTaken(other: ExportOperation, { nothingStarted }: { nothingStarted: boolean }): Error {
  const { artifactOutputUri, imageOutputUri } = other.metadata.outputInfo;
  return exportFailure(
    `Another export of this Model is writing to the same place: ${other.name} to ${artifactOutputUri ?? imageOutputUri ?? ''}`,
    {
      type: ExportFailureType.FailedPrecondition,
      action: 'Wait until it has ended, or export to another place. With perRunFolder, each export has its own folder.',
      nothingStarted,
    },
  );
}

/** Whether an operation writes to the shared folder or to the image of the request, whenever it began. */
function isSamePlace(operation: ExportOperation, request: StartExportRequest): boolean {
  const { destinations, perRunFolder } = request;
  const places = [
    ...(perRunFolder || destinations.outputUriPrefix === undefined
      ? []
      : [{ outputUriPrefix: destinations.outputUriPrefix }]),
    ...(destinations.imageUri === undefined ? [] : [{ imageUri: destinations.imageUri }]),
  ];
  const anyTime = { ...request, perRunFolder: false, notBefore: new Date(0).toISOString(), exclude: [] };
  return places.some((place) => isRunOperation(operation, { ...anyTime, destinations: place }));
}
