import type { OwnOperation } from '../contract';
import type { ExportOperation } from '../google/vertex';

/** Whether an operation is the run's own: by its folder, which no other run writes to, or else by place and time. */
export function isOwnOperation(operation: ExportOperation, own: OwnOperation): boolean {
  if (own.exclude.includes(operation.name)) return false;
  const { artifactOutputUri, imageOutputUri } = operation.metadata.outputInfo;
  const { outputUriPrefix, imageUri } = own.destinations;
  if (outputUriPrefix !== undefined) {
    if (artifactOutputUri?.startsWith(outputUriPrefix) !== true) return false;
    if (own.perRunFolder) return true;
  } else if (imageUri === undefined || imageOutputUri !== imageUri) {
    return false;
  }
  const created = Date.parse(operation.metadata.genericMetadata.createTime ?? '');
  return created >= Date.parse(own.notBefore);
}
