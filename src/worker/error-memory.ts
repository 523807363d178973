import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { cut } from '../internal/text';

const MAX_LENGTH = 600;

/** A logger that forwards messages and keeps the worker's last error: the SDK only logs why it shuts down. */
export class ErrorMemory implements Logger {
  private last: string | undefined;

  /** @param logger receives every message */
  constructor(private readonly logger: Logger) {}

  /** The last error of the worker itself, not of an activity or a workflow. */
  lastError(): string | undefined {
    return this.last;
  }

  log(level: LogLevel, message: string, meta?: LogMetadata): void {
    if (level === 'ERROR' && meta?.['sdkComponent'] === 'worker') {
      const error: unknown = meta['error'];
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : '';
      this.last = cut(`${message} ${reason}`.trim(), MAX_LENGTH);
    }
    this.logger.log(level, message, meta);
  }

  trace(message: string, meta?: LogMetadata): void {
    this.log('TRACE', message, meta);
  }

  debug(message: string, meta?: LogMetadata): void {
    this.log('DEBUG', message, meta);
  }

  info(message: string, meta?: LogMetadata): void {
    this.log('INFO', message, meta);
  }

  warn(message: string, meta?: LogMetadata): void {
    this.log('WARN', message, meta);
  }

  error(message: string, meta?: LogMetadata): void {
    this.log('ERROR', message, meta);
  }
}
