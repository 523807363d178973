import type { StorageCall } from './call';
import type { ObjectRecord } from './object-record';
import { objectEtag } from './object-resource';
import { conditionNotMet, invalid, invalidParameter, notModified } from './storage-error';

/** Conditions on the version that a request reads or replaces. */
export interface Conditions {
  readonly generationMatch: number | undefined;
  readonly generationNotMatch: number | undefined;
  readonly metagenerationMatch: number | undefined;
  readonly metagenerationNotMatch: number | undefined;
}

/** A generation in a parameter; undefined if the parameter is absent. */
export function generationOf(query: URLSearchParams, name = 'generation'): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  // Larger numbers are no generations of this store, and compare as equal to none.
  if (!/^-?\d{1,19}$/.test(text)) throw invalidParameter(name, `Invalid value for parameter ${name}: ${text}`);
  return Number(text);
}

/** @param infix `Source` for the conditions of a source */
export function conditionsOf(query: URLSearchParams, infix: '' | 'Source' = ''): Conditions {
  const conditions = {
    generationMatch: generationOf(query, `if${infix}GenerationMatch`),
    generationNotMatch: generationOf(query, `if${infix}GenerationNotMatch`),
    metagenerationMatch: generationOf(query, `if${infix}MetagenerationMatch`),
    metagenerationNotMatch: generationOf(query, `if${infix}MetagenerationNotMatch`),
  };
  if (conditions.generationMatch !== undefined && conditions.generationNotMatch !== undefined) {
    throw invalid(`Cannot specify both if${infix}GenerationMatch and if${infix}GenerationNotMatch.`);
  }
  return conditions;
}

type Current = Pick<ObjectRecord, 'generation' | 'metageneration'>;

/**
 * Checks conditions on the current version; without one, its generation is 0.
 *
 * Source: https://cloud.google.com/storage/docs/request-preconditions
 *
 * @throws StorageError 412
 */
export function checkConditions(conditions: Conditions, current: Current | undefined): void {
  if (hasChanged(conditions, current) || isUnchanged(conditions, current)) throw conditionNotMet();
}

/**
 * Checks conditions of a read, with the headers for conditions on the entity tag.
 *
 * @throws StorageError 412, or 304 if the client already has this version
 */
export function checkReadConditions(call: StorageCall, object: ObjectRecord): void {
  const conditions = conditionsOf(call.query);
  const etag = objectEtag(object);
  const match = call.headers['if-match'];
  if (hasChanged(conditions, object) || (match !== undefined && !names(match, etag))) throw conditionNotMet();
  const noneMatch = call.headers['if-none-match'];
  if (isUnchanged(conditions, object) || (noneMatch !== undefined && names(noneMatch, etag))) throw notModified(etag);
}

function hasChanged({ generationMatch, metagenerationMatch }: Conditions, current: Current | undefined): boolean {
  return (
    (generationMatch !== undefined && generationMatch !== (current?.generation ?? 0)) ||
    (metagenerationMatch !== undefined && metagenerationMatch !== current?.metageneration)
  );
}

function isUnchanged({ generationNotMatch, metagenerationNotMatch }: Conditions, current: Current | undefined) {
  return (
    (generationNotMatch !== undefined && generationNotMatch === (current?.generation ?? 0)) ||
    (metagenerationNotMatch !== undefined && metagenerationNotMatch === current?.metageneration)
  );
}

/** Whether a header with entity tags names this one. */
function names(header: string, etag: string): boolean {
  return header.split(',').some((tag) => ['*', etag, `"${etag}"`].includes(tag.trim().replace(/^W\//, '')));
}
