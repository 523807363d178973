import { parseArgs } from 'node:util';
import type { ManifestCheck } from '../manifest-check';
import { verifyManifest } from '../manifest-check';
import { ProgressBar } from './progress-bar';
import { UsageError } from './usage-error';

export const VERIFY_SUMMARY = 'Checks an export against the manifest that was written beside it.';

export const VERIFY_HELP = `Usage: temporal-vertex-export verify gs://BUCKET/PATH [options]

${VERIFY_SUMMARY}
PATH is the manifest, the folder that it is in, or the export's directory beside it. A manifest is written where the
export's input has "manifest": {"write": true}.

  --content      read every byte and compare all digests, not only what Cloud Storage records
  --at gs://…    look at another place, where a copy of the export is
  --json         print one JSON object

Ends with 0 where everything is as it was, with 1 where something is not, with 2 where the check was not possible.
Credentials: Application Default Credentials; with STORAGE_EMULATOR_HOST set, that store without a token.
`;

/** Runs the command, and gives its exit code. */
export async function verify(args: string[]): Promise<number> {
  const { uri, level, at, json } = parse(args);
  const bar = new ProgressBar(process.stderr);
  let check: ManifestCheck;
  try {
    check = await verifyManifest(uri, {
      level,
      ...(at !== undefined && { at }),
      onProgress: (progress) => {
        bar.show(progress);
      },
    });
  } finally {
    bar.clear();
  }
  process.stdout.write(json ? `${JSON.stringify(check)}\n` : describe(check, level));
  return check.findings.length === 0 ? 0 : 1;
}

function parse(args: string[]): { uri: string; level: 'listing' | 'content'; at?: string; json: boolean } {
  const { values, positionals } = parsed(args);
  const [uri, ...more] = positionals;
  if (uri === undefined) throw new UsageError('verify needs the place of a manifest or an export: gs://bucket/path.');
  if (more.length > 0) throw new UsageError(`verify takes one place, and was given ${positionals.join(', ')}.`);
  for (const place of [uri, values.at]) {
    if (place?.startsWith('gs://') === false)
      throw new UsageError(`${place} is no place in Cloud Storage: gs://bucket/path.`);
  }
  return {
    uri,
    level: values.content ? 'content' : 'listing',
    ...(values.at !== undefined && { at: values.at }),
    json: values.json ?? false,
  };
}

function parsed(args: string[]) {
  const options = { content: { type: 'boolean' }, at: { type: 'string' }, json: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(check: ManifestCheck, level: 'listing' | 'content'): string {
  const { model, exportFormatId, count, bytes, verifiedAt } = check.export;
  const what = level === 'content' ? 'every byte' : 'names, sizes and checksums';
  const verdict =
    check.findings.length === 0
      ? `intact: ${count} files, ${bytes} bytes (${what})`
      : `NOT as it was: ${count} files were recorded (${what})`;
  return [
    `${model} as ${exportFormatId}, verified ${verifiedAt}`,
    check.artifactUri,
    verdict,
    ...check.findings.map((finding) => `  ${finding}`),
    ...check.notes.map((note) => `  note: ${note}`),
    '',
  ].join('\n');
}
