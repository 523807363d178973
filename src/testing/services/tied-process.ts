import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface TiedProcessOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Called with each line of stdout and stderr. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** A process that ends with its parent. */
export interface TiedProcess {
  /** Of the program itself. */
  readonly pid: number;
  /** Resolves with what the process ended with: 128 + the signal's number where one ended it. */
  readonly exited: Promise<number>;
  /** The last lines that it wrote, for an error message. */
  readonly tail: () => string;
  /** Ends it at once, as a crash would, and waits until it has exited. */
  readonly kill: () => Promise<void>;
  /** Asks it to end, kills it after 10 s, and waits until it has exited. */
  readonly stop: () => Promise<void>;
}

/**
 * A shell between parent and program holds the parent's pipe: when the parent has exited, for whatever reason, the
 * pipe closes and the shell ends the program. It leads a separate session, so that Ctrl-C reaches only the parent,
 * which then can stop things in order.
 */
const SUPERVISOR = `
exec 4<&0
"$@" 3>&- 4<&- </dev/null &
pid=$!
echo "$pid" >&3
exec 3>&-
(while read -r _; do :; done <&4; kill -9 "$pid") >/dev/null 2>&1 &
guard=$!
exec 4<&-
wait "$pid"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
`;

const STOP_GRACE_MS = 10_000;
const TAIL_LINES = 30;

/**
 * Starts a program that never outlives this process, SIGKILL included.
 *
 * @throws Error where the program can't be started
 */
export async function spawnTied(
  command: string,
  args: readonly string[],
  options: TiedProcessOptions = {},
): Promise<TiedProcess> {
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, 'supervisor', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const tail: string[] = [];
  const follow = (stream: 'stdout' | 'stderr') => {
    createInterface({ input: child[stream] }).on('line', (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line, stream);
    });
  };
  follow('stdout');
  follow('stderr');
  // A pipe whose reader has exited must not end this process.
  child.stdin.on('error', () => undefined);

  const exited = exitCodeOf(child);
  const pid = await readPid(child);
  return {
    pid,
    exited,
    tail: () => tail.join('\n'),
    kill: async () => {
      signal(pid, 'SIGKILL');
      await exited;
    },
    stop: async () => {
      signal(pid, 'SIGTERM');
      const insist = setTimeout(() => {
        signal(pid, 'SIGKILL');
      }, STOP_GRACE_MS);
      await exited;
      clearTimeout(insist);
    },
  };
}

async function exitCodeOf(child: ChildProcess): Promise<number> {
  await once(child, 'exit');
  return child.exitCode ?? 1;
}

async function readPid(child: ChildProcess): Promise<number> {
  const channel = child.stdio[3];
  if (channel === null || channel === undefined || !('setEncoding' in channel))
    throw new Error('no channel for the pid');
  let text = '';
  for await (const chunk of channel) text += String(chunk);
  const pid = Number(text.trim());
  if (!Number.isInteger(pid) || pid <= 0) throw new Error('the supervisor did not report a pid');
  return pid;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has exited already.
  }
}
