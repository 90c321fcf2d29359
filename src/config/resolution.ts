import { Secret } from '../domain/credentials/secret.ts';
import { isArn } from '../domain/role/arn.ts';
import type { Arn } from '../domain/role/arn.ts';
import { didYouMean } from './did-you-mean.ts';
import type { FaultCode, Path, Report } from './fault.ts';
import type { SecretReference } from './fields.ts';

/** What a file read gave: its text, or in a few words why there is none. */
export type FileText = { readonly text: string } | { readonly problem: string };

export type FileBytes = { readonly bytes: Uint8Array } | { readonly problem: string };

/** What resolving needs from outside. */
export type Resolution = {
  readonly report: Report;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file of at most `maxBytes` (default 1 MB); relative paths start at the configuration file's folder. */
  readonly readFile: (path: string, maxBytes?: number) => FileText;
  /** The same for a file that is no text. */
  readonly readBytes: (path: string, maxBytes: number) => FileBytes;
  /** The parser that the service itself will use, so that the two cannot disagree; throws for what it refuses. */
  readonly parseSamlMetadata: (xml: string) => unknown;
  /** Sections that lost faulty entries: a name that is missing there is no further fault. */
  readonly incomplete: ReadonlySet<string>;
};

/** Reports an error in the usual form. */
export function reportError(
  { report }: Resolution,
  code: FaultCode,
  path: Path,
  text: { readonly message: string; readonly remedy?: string },
): void {
  report({ severity: 'error', code, path, ...text });
}

/** Of an address that keys come from. */
export const INSECURE_URL = {
  message: 'This must be https: over plain http anybody on the way could swap the keys.',
  remedy: 'Use https, or set outbound.http to allow for what is inside your network.',
};

/** An ARN that is built from checked parts. */
export function arnOf(text: string): Arn {
  if (!isArn(text)) throw new Error(`not an ARN: ${text}`);
  return text;
}

const UNKNOWN = {
  applications: { code: 'unknown-application', message: 'No entry of `applications` has this client id.' },
  roles: { code: 'unknown-role', message: 'No entry of `roles` has this ARN.' },
  services: { code: 'unknown-service', message: 'No entry of `services` has this audience.' },
} as const;

/** Reports a reference to an entry that is not there; not where it could be one that lost its place by a fault. */
export function reportUnknown(
  name: string,
  { section, known, path }: { section: keyof typeof UNKNOWN; known: ReadonlySet<string>; path: Path },
  resolution: Resolution,
): void {
  if (known.has(name) || resolution.incomplete.has(section)) return;
  const { code, message } = UNKNOWN[section];
  const near = didYouMean(name, [...known]);
  const remedy =
    near === undefined ? `Add it to \`${section}\`, or remove it here.` : `Did you mean "${near}"?`;
  reportError(resolution, code, path, { message, remedy });
}

/** Reports every entry whose key an earlier one has. */
export function reportDuplicates(
  entries: readonly { readonly key: string; readonly path: Path }[],
  what: string,
  resolution: Resolution,
  remedy?: string,
): void {
  const seen = new Set<string>();
  for (const { key, path } of entries) {
    if (seen.has(key)) {
      const message = `Another entry has the same ${what}.`;
      reportError(resolution, 'duplicate-entry', path, { message, ...(remedy !== undefined && { remedy }) });
    }
    seen.add(key);
  }
}

/** The names of a section, as keys of {@link reportDuplicates}: IAM names differ in more than case. */
export function namesOf(
  section: string,
  entries: readonly { readonly account: string; readonly name: string }[],
) {
  return entries.map(({ account, name }, index) => ({
    key: `${account}/${name.toLowerCase()}`,
    path: [section, index, 'name'],
  }));
}

/** Reads what a reference names; an unset variable, an unreadable file and an empty text are faults. */
export function readSecret(
  { env: name, file = '' }: SecretReference,
  path: Path,
  resolution: Resolution,
): Secret | undefined {
  const read = name === undefined ? secretFile(file, resolution) : variable(name, resolution);
  if ('text' in read && read.text !== '') return new Secret(read.text);
  const problem = 'problem' in read ? read.problem : 'it is empty';
  const source = name === undefined ? `file ${file}` : `environment variable ${name}`;
  reportError(resolution, 'secret-missing', [...path, name === undefined ? 'file' : 'env'], {
    message: `The ${source} cannot be used: ${problem}.`,
    remedy:
      name === undefined ? 'Create it, readable by the service alone.' : 'Set it where the service starts.',
  });
  return undefined;
}

function variable(name: string, { env }: Resolution): FileText {
  const text = env[name];
  return text === undefined ? { problem: 'it is not set' } : { text };
}

function secretFile(path: string, { readFile }: Resolution): FileText {
  const read = readFile(path);
  // Editors and `echo` end a file with a line break that is no part of the secret.
  return 'text' in read ? { text: read.text.replace(/\r?\n$/, '') } : read;
}
