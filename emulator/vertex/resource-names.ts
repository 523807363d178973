/** Patterns of resource names. They are less strict than the real service's. */
export const LOCATION = String.raw`projects/(?<project>[^/]+)/locations/(?<location>[^/:]+)`;
export const MODEL = String.raw`${LOCATION}/models/(?<model>[^/@:]+)`;
export const VERSION = '(?:@(?<version>[^/:]+))?';
export const OPERATION_PARENT = String.raw`${LOCATION}(?:/models/(?<model>[^/@:]+))?`;
