import type { OwnOperation } from '../../contract/export-activities';
import { mayBeSameProject, parseImageUri, parseModelName, parseOperationName } from '../../contract/resource-names';
import type { ExportOperation } from '../../google/vertex';

/**
 * Whether an operation is one of the run: an operation of its Model whose output lies in the folder that no other run
 * writes to, or, where runs share a folder, one that wrote there since the run began.
 */
export function isOwnOperation(operation: ExportOperation, own: OwnOperation): boolean {
  if (own.exclude.includes(operation.name) || !isOfModel(operation.name, own.model)) return false;
  const { artifactOutputUri, imageOutputUri } = operation.metadata.outputInfo;
  const { outputUriPrefix, imageUri } = own.destinations;
  if (outputUriPrefix !== undefined) {
    if (artifactOutputUri?.startsWith(outputUriPrefix) !== true) return false;
    if (own.perRunFolder) return true;
    if (isInFolderOfRun(artifactOutputUri.slice(outputUriPrefix.length))) return false;
  } else if (imageUri === undefined || imageOutputUri === undefined || !isSameTag(imageOutputUri, imageUri)) {
    return false;
  }
  const created = Date.parse(operation.metadata.genericMetadata.createTime ?? '');
  return created >= Date.parse(own.notBefore);
}

/** Whether only this run writes to its folder, so that its operations can be told from all others with certainty. */
export function hasOwnFolder({ perRunFolder, destinations }: OwnOperation): boolean {
  return perRunFolder && destinations.outputUriPrefix !== undefined;
}

/** The service may name the project by its number where the Model's name has its id. */
function isOfModel(operation: string, model: string): boolean {
  const named = parseOperationName(operation);
  const owner = parseModelName(model);
  if (named === undefined || owner === undefined) return false;
  return (
    mayBeSameProject(named.project, owner.project) &&
    named.location === owner.location &&
    (named.model === undefined || named.model === owner.model)
  );
}

/** A URI without a tag means `latest`. */
function isSameTag(a: string, b: string): boolean {
  const [one, other] = [parseImageUri(a), parseImageUri(b)];
  if (one === undefined || other === undefined) return false;
  return one.host === other.host && one.repository === other.repository && one.tag === other.tag;
}

/** Whether a path below a shared folder leads into the folder of a single run: that one's output is not shared. */
function isInFolderOfRun(path: string): boolean {
  return /(?:^|\/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\//.test(path);
}
