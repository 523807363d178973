export { findComponent } from './find-component';
export { startObjectStore, startRegistry, startTemporalServer } from './services';
export type { ObjectStore, Service, TemporalServer } from './services';
export { spawnTied } from './tied-process';
export type { TiedProcess } from './tied-process';
export { startLocalStack } from './local-stack';
export type { LocalStack, LocalStackOptions } from './local-stack';
