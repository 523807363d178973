/**
 * Entry point for tests of your own workflows: Temporal, the local Vertex AI with its stores, and a worker.
 *
 * @experimental
 * @module
 */
export { startTestStack } from './test-stack';
export type { TestStack, TestStackOptions } from './test-stack';
export type { TestTemporalOptions } from './test-temporal';
export type { TestWorkerOptions } from './test-worker';
