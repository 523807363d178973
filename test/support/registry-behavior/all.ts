import type { Behavior } from './behavior';
import { BLOB_BEHAVIORS } from './blobs';
import { LIST_BEHAVIORS } from './lists';
import { MANIFEST_BEHAVIORS } from './manifests';

/** All behaviors that the built-in registry and go-containerregistry's are compared by. */
export const REGISTRY_BEHAVIORS: readonly Behavior[] = [...BLOB_BEHAVIORS, ...MANIFEST_BEHAVIORS, ...LIST_BEHAVIORS];
