import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { cut, printable } from '../internal/text';
import { redact } from '../internal/redact';

/** Longest text, in characters: a log line is for a message, not for a complete answer of a service. */
const MAX_TEXT_LENGTH = 8_192;
/** Deepest nesting and most entries; anything beyond is omitted. */
const MAX_DEPTH = 8;
const MAX_ENTRIES = 200;

const REDACTED = '[redacted]';
const OMITTED = '[omitted]';

/** Properties of every error, which are copied separately. */
const ERROR_PROPERTIES = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** Names of values that are always secret. */
const SECRET_NAME = /token|secret|pass(?:word|code|phrase)|private_?key|authorization|cookie|signature|api_?key/i;

/** Cleans a text for a log: no credentials, no control characters, one line. */
export function logText(text: string): string {
  return printable(redact(cut(text, MAX_TEXT_LENGTH)));
}

/**
 * Wraps a logger so that it receives no credentials and no control characters, neither in messages nor in metadata (errors
 * with their stacks and causes, nested objects, headers). Install it in the `Runtime` of your own worker: answers of
 * services and credential sources can contain tokens and signed URLs, and activities of this package log errors.
 *
 * @example
 * Runtime.install({ logger: redactingLogger(new DefaultLogger('INFO')) });
 */
export function redactingLogger(logger: Logger): Logger {
  const log = (level: LogLevel, message: string, meta?: LogMetadata): void => {
    logger.log(level, logText(message), meta && logMetadata(meta));
  };
  return {
    // The runtime flushes and closes a logger that supports it.
    ...('flush' in logger && typeof logger.flush === 'function' && { flush: logger.flush.bind(logger) as () => void }),
    ...('close' in logger && typeof logger.close === 'function' && { close: logger.close.bind(logger) as () => void }),
    log,
    trace: (message, meta) => {
      log('TRACE', message, meta);
    },
    debug: (message, meta) => {
      log('DEBUG', message, meta);
    },
    info: (message, meta) => {
      log('INFO', message, meta);
    },
    warn: (message, meta) => {
      log('WARN', message, meta);
    },
    error: (message, meta) => {
      log('ERROR', message, meta);
    },
  };
}

function logMetadata(meta: LogMetadata): LogMetadata {
  const cleaner = new Cleaner();
  const copy: LogMetadata = cleaner.entries(meta, 0, false);
  // The SDK stores the time of a message under a symbol.
  for (const symbol of Object.getOwnPropertySymbols(meta)) {
    const value: unknown = meta[symbol];
    if (typeof value === 'bigint' || typeof value === 'number') copy[symbol] = value;
  }
  return copy;
}

/** Copies a value without the parts that must not be logged. */
class Cleaner {
  /** Objects that are being copied: an error can be its own cause. */
  private readonly open = new Set<object>();

  value(value: unknown, depth: number, isSecret: boolean): unknown {
    if (typeof value === 'string') return isSecret && value !== '' ? REDACTED : logText(value);
    if (typeof value === 'function' || typeof value === 'symbol') return OMITTED;
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Date) return value;
    if (value instanceof URL) return logText(value.href);
    // Payloads and bodies can contain any bytes.
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (depth >= MAX_DEPTH || this.open.has(value)) return OMITTED;
    this.open.add(value);
    try {
      if (value instanceof Error) return this.error(value, depth);
      if (Array.isArray(value)) return this.list(value, depth, isSecret);
      if (value instanceof Set) return this.list([...(value as Set<unknown>)], depth, isSecret);
      if (isEntries(value)) return this.entries(Object.fromEntries(value), depth, isSecret);
      return this.entries(value, depth, isSecret);
    } finally {
      this.open.delete(value);
    }
  }

  entries(value: object, depth: number, isSecret: boolean): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(value).slice(0, MAX_ENTRIES)) {
      // A getter can throw.
      const inner = propertyOf(value, name);
      const cleaned = this.value(inner, depth + 1, isSecret || SECRET_NAME.test(name));
      Object.defineProperty(copy, logText(name), {
        value: cleaned,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return copy;
  }

  private list(values: readonly unknown[], depth: number, isSecret: boolean): unknown[] {
    return values.slice(0, MAX_ENTRIES).map((value) => this.value(value, depth + 1, isSecret));
  }

  /** Copies an error with its name, so that loggers format it as an error. */
  private error(error: Error, depth: number): Error {
    const message = logText(textOf(propertyOf(error, 'message')));
    const copy = new Error(message);
    const properties = Object.entries(this.entries(error, depth, false)).filter(
      ([name]) => !ERROR_PROPERTIES.has(name),
    );
    const hidden = { enumerable: false, writable: true, configurable: true };
    Object.defineProperty(copy, 'name', { ...hidden, value: logText(textOf(propertyOf(error, 'name'))) });
    Object.defineProperty(copy, 'stack', { ...hidden, value: this.stack(error, message) });
    const cause = propertyOf(error, 'cause');
    if (cause !== undefined) {
      Object.defineProperty(copy, 'cause', { ...hidden, value: this.value(cause, depth + 1, false) });
    }
    if (error instanceof AggregateError) {
      Object.defineProperty(copy, 'errors', { ...hidden, value: this.list(error.errors, depth, false) });
    }
    return Object.assign(copy, Object.fromEntries(properties));
  }

  /** Copies a stack with its lines; its message is on one line. */
  private stack(error: Error, message: string): string {
    const original = textOf(propertyOf(error, 'message'));
    const stack = textOf(propertyOf(error, 'stack'));
    const at = original === '' ? -1 : stack.indexOf(original);
    const joined = at < 0 ? stack : `${stack.slice(0, at)}${message}${stack.slice(at + original.length)}`;
    return redact(cut(joined, MAX_TEXT_LENGTH)).split('\n').map(printable).join('\n');
  }
}

function isEntries(value: object): value is Iterable<[string, unknown]> {
  return value instanceof Map || value instanceof Headers || value instanceof URLSearchParams;
}

function propertyOf(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return OMITTED;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
