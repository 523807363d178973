import type { StartExportRequest } from '../../contract/export-activities';
import { ExportFailureType } from '../../contract/failures';
import type { ExportOperation } from '../../google/vertex';
import { exportFailure } from '../failures/failure';
import { isOwnOperation } from './own-operation';
import type { ListedOperations } from './own-operations';

/**
 * Refuses a start where another export of the Model writes to the same place at this moment: an operation does not name
 * its version, so that the two could not be distinguished.
 *
 * @param mayHaveStarted whether an operation that looks like the run's own can be one
 */
export function requireFreePlace(
  request: StartExportRequest,
  { own, others }: ListedOperations,
  mayHaveStarted: boolean,
): void {
  const other = [...(mayHaveStarted ? [] : own), ...others].find((operation) => isInTheWay(operation, request));
  if (other !== undefined) throw placeTaken(other, { nothingStarted: !mayHaveStarted });
}

/** Whether an operation that was just started has to yield: another one began to write to the same place before it. */
export function olderInTheWay(
  request: StartExportRequest,
  { own, others }: ListedOperations,
  started: ExportOperation,
): ExportOperation | undefined {
  return [...own, ...others].find(
    (operation) => operation.name !== started.name && isInTheWay(operation, request) && isOlder(operation, started),
  );
}

/** By the service's clock; of two at the same time, one is the same for both exports. */
function isOlder(a: ExportOperation, b: ExportOperation): boolean {
  const [first = '', second = ''] = [a, b].map(({ metadata }) => metadata.genericMetadata.createTime);
  return first === second ? a.name < b.name : Date.parse(first) < Date.parse(second);
}

function isInTheWay(operation: ExportOperation, request: StartExportRequest): boolean {
  return !operation.done && !request.exclude.includes(operation.name) && isSamePlace(operation, request);
}

/** The failure of an export whose place another one is writing to. */
export function placeTaken(other: ExportOperation, { nothingStarted }: { nothingStarted: boolean }): Error {
  const { artifactOutputUri, imageOutputUri } = other.metadata.outputInfo;
  return exportFailure(
    `Another export of this Model is writing to the same place: ${other.name} to ${artifactOutputUri ?? imageOutputUri ?? ''}`,
    {
      type: ExportFailureType.FailedPrecondition,
      action:
        'Wait until it has ended, or export to another place. With perRunFolder each export has a folder of its own.',
      nothingStarted,
    },
  );
}

/** Whether an operation writes to the shared folder or to the image that is asked for, whenever it began. */
function isSamePlace(operation: ExportOperation, request: StartExportRequest): boolean {
  const { destinations, perRunFolder } = request;
  const places = [
    ...(perRunFolder || destinations.outputUriPrefix === undefined
      ? []
      : [{ outputUriPrefix: destinations.outputUriPrefix }]),
    ...(destinations.imageUri === undefined ? [] : [{ imageUri: destinations.imageUri }]),
  ];
  const anyTime = { ...request, perRunFolder: false, notBefore: new Date(0).toISOString(), exclude: [] };
  return places.some((place) => isOwnOperation(operation, { ...anyTime, destinations: place }));
}
