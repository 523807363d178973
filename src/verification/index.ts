export { ChangedFileError } from './artifact-file';
export type { ArtifactFile, ListedFile } from './artifact-file';
export type { InspectedFile, InspectedTensor } from './inspected';
export { LinkOutsideError, localDirectory } from './local-directory';
export { verifyDirectory } from './verify-directory';
export type { DirectoryVerification, VerifyDirectoryOptions } from './verify-directory';
export type { VerificationLevel } from './verify-files';
