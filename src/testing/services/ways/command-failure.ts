import { z } from 'zod';

const commandFailure = z.object({ code: z.unknown(), stderr: z.string().default(''), message: z.string() });

const PIP_PREFIX = /^ERROR: /;

/** Why a command failed, in one line: it does not exist, or the last line that it wrote. */
export function commandFailureReason(command: string, error: unknown): string {
  const failure = commandFailure.safeParse(error);
  if (!failure.success) return String(error);
  const { code, stderr, message } = failure.data;
  if (code === 'ENOENT') return `there is no \`${command}\` on PATH`;
  const lines = (stderr || message).split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.trim().replace(PIP_PREFIX, '') ?? message;
}
