import { defined } from '../../internal/defined';
import { parseArgs } from 'node:util';
import type { ManifestCheck } from '../../manifest/check';
import { verifyManifest } from '../../manifest/check';
import type { Output } from '../output';
import { ProgressBar } from '../progress-bar';
import { UsageError } from '../usage-error';

export const VERIFY_SUMMARY = 'Checks an export against the manifest that was written beside it.';

export const VERIFY_HELP = `Usage: temporal-vertex-export verify gs://BUCKET/PATH [options]

${VERIFY_SUMMARY}
PATH is the manifest, its folder, or the export's directory beside it. The command checks the directory beside the
manifest, even if the manifest names another one; the output shows which. To get a manifest, export with
"manifest": {"write": true} in the input.

  --content      read every byte and compare all digests, not only what Cloud Storage records
  --at gs://…    check this directory, for example a copy of the export
  --json         print one JSON object

Exit code: 0 if the export is intact, 1 if it differs from the manifest, 2 if the check was not possible.
Credentials: Application Default Credentials. If STORAGE_EMULATOR_HOST is set, that store is used without a token.
`;

/** Runs the command and returns its exit code. */
export async function verify(args: string[], output: Output): Promise<number> {
  const { uri, level, at, json } = parse(args);
  const bar = new ProgressBar(process.stderr);
  let check: ManifestCheck;
  try {
    check = await verifyManifest(uri, {
      level,
      ...defined({ at }),
      onProgress: (progress) => {
        bar.show(progress);
      },
    });
  } finally {
    bar.clear();
  }
  if (json) output.json(check);
  else describe(check, level, output);
  return check.findings.length === 0 ? 0 : 1;
}

function parse(args: string[]): { uri: string; level: 'listing' | 'content'; at?: string; json: boolean } {
  const { values, positionals } = parsed(args);
  const [uri, ...more] = positionals;
  if (uri === undefined) throw new UsageError('verify needs the URI of a manifest or an export: gs://bucket/path.');
  if (more.length > 0)
    throw new UsageError(`verify takes one URI, but got ${positionals.length}: ${positionals.join(', ')}.`);
  for (const place of [uri, values.at]) {
    if (place?.startsWith('gs://') === false)
      throw new UsageError(`${place} is not a Cloud Storage URI (gs://bucket/path).`);
  }
  return {
    uri,
    level: values.content ? 'content' : 'listing',
    ...defined({ at: values.at }),
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

function describe(check: ManifestCheck, level: 'listing' | 'content', output: Output): void {
  const { model, exportFormatId, count, bytes, verifiedAt, artifactOutputUri } = check.export;
  const what = level === 'content' ? 'every byte' : 'names, sizes and checksums';
  output.line(`${model} as ${exportFormatId}, verified ${verifiedAt}`);
  if (check.manifestUri !== undefined) output.line(`manifest: ${check.manifestUri}`);
  output.line(`checked:  ${check.artifactUri}`);
  if (asFolder(artifactOutputUri) !== asFolder(check.artifactUri)) {
    output.line(`          (the manifest names ${artifactOutputUri})`);
  }
  output.line(
    check.findings.length === 0
      ? `intact: ${count} files, ${bytes} bytes (${what})`
      : `NOT intact: ${count} files are recorded (${what})`,
  );
  list(check.findings, '  ', output);
  list(check.notes, '  note: ', output);
}

function list(lines: readonly string[], prefix: string, output: Output): void {
  for (const line of lines) output.line(`${prefix}${line}`);
}

function asFolder(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`;
}
