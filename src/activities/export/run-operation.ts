import type { RunOperation } from '../../contract/export-activities';
import { mayBeSameProject, parseImageUri, parseModelName, parseOperationName } from '../../contract/resource-names';
import type { ExportOperation } from '../../google/vertex';

/**
 * Whether an operation belongs to the run: an operation of its Model whose output is in the folder that only this run
 * writes to. If runs share a folder, one that was created since the run began.
 */
export function isRunOperation(operation: ExportOperation, run: RunOperation): boolean {
  if (run.exclude.includes(operation.name) || !isOfModel(operation.name, run.model)) return false;
  const { artifactOutputUri, imageOutputUri } = operation.metadata.outputInfo;
  const { outputUriPrefix, imageUri } = run.destinations;
  if (outputUriPrefix !== undefined) {
    if (artifactOutputUri?.startsWith(outputUriPrefix) !== true) return false;
    if (run.perRunFolder) return true;
    if (isInFolderOfRun(artifactOutputUri.slice(outputUriPrefix.length))) return false;
  } else if (imageUri === undefined || imageOutputUri === undefined || !isSameTag(imageOutputUri, imageUri)) {
    return false;
  }
  const created = Date.parse(operation.metadata.genericMetadata.createTime ?? '');
  return created >= Date.parse(run.notBefore);
}

/** Whether only this run writes to its folder, so that its operations can be identified with certainty. */
export function hasRunFolder({ perRunFolder, destinations }: RunOperation): boolean {
  return perRunFolder && destinations.outputUriPrefix !== undefined;
}

/** Whether an operation is of a Model. The service may name the project by its number, and the Model by the project's id. */
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

/** Whether two images have the same name and tag. A URI without a tag means `latest`. */
function isSameTag(a: string, b: string): boolean {
  const [one, other] = [parseImageUri(a), parseImageUri(b)];
  if (one === undefined || other === undefined) return false;
  return one.host === other.host && one.repository === other.repository && one.tag === other.tag;
}

/** Whether a path below a shared folder is in the folder of a single run. */
function isInFolderOfRun(path: string): boolean {
  return /(?:^|\/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\//.test(path);
}
