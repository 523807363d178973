import { parseArgs } from 'node:util';
import type { ManifestCheck } from '../../manifest/check';
import { verifyManifest } from '../../manifest/check';
import type { Output } from '../output';
import { ProgressBar } from '../progress-bar';
import { UsageError } from '../usage-error';

export const VERIFY_SUMMARY = 'Checks an export against the manifest that was written beside it.';

export const VERIFY_HELP = `Usage: temporal-vertex-export verify gs://BUCKET/PATH [options]

${VERIFY_SUMMARY}
PATH is the manifest, the folder that it is in, or the export's directory beside it. The directory beside the manifest
is checked, even if the manifest names another one; the output says which. A manifest is written where the export's
input has "manifest": {"write": true}.

  --content      read every byte and compare all digests, not only what Cloud Storage records
  --at gs://…    check this directory, for example a copy of the export
  --json         print one JSON object

Ends with 0 where everything is as it was, with 1 where something is not, with 2 where the check was not possible.
Credentials: Application Default Credentials; with STORAGE_EMULATOR_HOST set, that store without a token.
`;

/** Runs the command, and gives its exit code. */
export async function verify(args: string[], output: Output): Promise<number> {
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
  if (json) output.json(check);
  else describe(check, level, output);
  return check.findings.length === 0 ? 0 : 1;
}

function parse(args: string[]): { uri: string; level: 'listing' | 'content'; at?: string; json: boolean } {
  const { values, positionals } = parsed(args);
  const [uri, ...more] = positionals;
  if (uri === undefined) throw new UsageError('verify needs the place of a manifest or an export: gs://bucket/path.');
  if (more.length > 0) throw new UsageError(`verify takes one place, and was given ${positionals.join(', ')}.`);
  for (const place of [uri, values.at]) {
    if (place?.startsWith('gs://') === false)
      throw new UsageError(`${place} is not a place in Cloud Storage: gs://bucket/path.`);
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
      : `NOT as it was: ${count} files were recorded (${what})`,
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
