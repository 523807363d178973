export type { Credentials } from '../google/credentials';
export { storageDirectory, StorageDirectoryError } from '../google/directory-source';
export type { StorageDirectoryOptions, StorageDirectoryProblem } from '../google/directory-source';
export { ChangedFileError } from './artifact-file';
export type { ArtifactFile, ListedFile } from './artifact-file';
export type {
  InspectedCoreMl,
  InspectedFile,
  InspectedLabels,
  InspectedModelArchive,
  InspectedOnnx,
  InspectedPickle,
  InspectedPytorch,
  InspectedSafetensors,
  InspectedSafetensorsIndex,
  InspectedSavedModel,
  InspectedSummaries,
  InspectedTabular,
  InspectedTensor,
  InspectedTfJs,
  InspectedTflite,
  InspectedXgboost,
} from './inspected';
export { LinkOutsideError, localDirectory } from './local-directory';
export { verifyDirectory } from './verify-directory';
export type { DirectoryVerification, VerifyDirectoryOptions } from './verify-directory';
export type { VerificationLevel } from './verify-files';
