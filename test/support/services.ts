import { after, before } from 'node:test';
import type { GoogleServices, GoogleServicesOptions, LocalStack, LocalStackOptions } from '../../devservices';
import { startGoogleServices, startLocalStack } from '../../devservices';

/** Starts services before the first test of a file and stops them after its last. */
function useServices<T extends { stop(): Promise<void> }>(start: () => Promise<T>): () => T {
  let services: T | undefined;
  before(async () => {
    services = await start();
  });
  after(() => services?.stop());
  return () => {
    if (services === undefined) throw new Error('services are there in tests and hooks only');
    return services;
  };
}

/** A local Vertex AI with its object store and its registry. */
export const useGoogleServices = (options: GoogleServicesOptions = {}): (() => GoogleServices) =>
  useServices(() => startGoogleServices(options));

/** The same, and a Temporal server. */
export const useLocalStack = (options: LocalStackOptions = {}): (() => LocalStack) =>
  useServices(() => startLocalStack(options));
