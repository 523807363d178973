import type { Readable } from 'node:stream';

/** Content that was received completely and does not belong to an object yet. */
export interface ReceivedContent {
  readonly size: number;
  /** Big-endian, in base64. */
  readonly crc32c: string;
  readonly md5Hash: string;
  /** Makes it the content of a version of an object. */
  keep(key: string): Promise<void>;
  discard(): Promise<void>;
}

/** Receives content in parts. */
export interface ContentWriter {
  /** Bytes received so far. */
  readonly size: number;
  write(chunk: Uint8Array): Promise<void>;
  /** Frees what only a running request needs. Later writes are possible. */
  pause(): Promise<void>;
  finish(): Promise<ReceivedContent>;
  discard(): Promise<void>;
}

/** The bytes of all objects, by a key for each version of an object. */
export interface Contents {
  writer(): ContentWriter;
  /** Opens the bytes from `start` up to `end`, without `end`. Rejects if the content does not exist. */
  open(key: string, start: number, end: number): Promise<Readable>;
  /** Copies content without reading it, if possible. */
  copy(from: string, to: string): Promise<void>;
  remove(key: string): Promise<void>;
}
