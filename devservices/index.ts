export { findComponent } from './find-component';
export { startGoogleServices, startLocalStack } from './local-stack';
export type { GoogleServices, GoogleServicesOptions, LocalStack, LocalStackOptions } from './local-stack';
export { startObjectStore, startTemporalServer } from './services';
export type { TemporalServer } from './services';
export { spawnTied } from './tied-process';
export type { TiedProcess } from './tied-process';
export { startWorkerProcess } from './worker-process';
export { findBrowser, WebUi } from './web-ui';
