import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Config } from './config.ts';
import { renderPath } from './fault.ts';
import type { Fault, Issue, Path } from './fault.ts';
import type { FileBytes, FileText, Resolution } from './resolution.ts';
import { resolveConfig } from './resolve-config.ts';
import { salvage } from './salvage.ts';
import { configSchema } from './schema.ts';
import { describeSchemaIssues } from './schema-issues.ts';
import { readSourceDocument } from './source-document.ts';
import type { SourceDocument } from './source-document.ts';

const MAX_CONFIG_BYTES = 5_000_000;
const MAX_REFERENCED_BYTES = 1_000_000;

export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Fault[] }
  /** Errors and warnings, in the order of the file; at least one is an error. */
  | { readonly ok: false; readonly faults: readonly Fault[] };

export type LoadDeps = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws an Error, whose message is for operators, for a SAML metadata document that it refuses. */
  readonly parseSamlMetadata: (xml: string) => unknown;
};
/** Everything that was found, and the configuration where there is one. */
type Examination = { readonly config?: Config; readonly issues: readonly Issue[] };

/**
 * Reads, checks and resolves a configuration file: YAML or JSON, at most 5 MB. All faults are found in one run, and
 * after a single error there is no configuration. The result is frozen. Never throws for what a file holds.
 */
export function loadConfig(file: string, { env, parseSamlMetadata }: LoadDeps): LoadResult {
  const read = readText(file, MAX_CONFIG_BYTES);
  if ('problem' in read) return { ok: false, faults: [unreadable(file, read.problem)] };
  const source = readSourceDocument(read.text);
  const folder = dirname(resolve(file));
  const readFile = (path: string, maxBytes = MAX_REFERENCED_BYTES) =>
    readText(resolve(folder, path), maxBytes);
  const readBytes = (path: string, maxBytes: number) => readWhole(resolve(folder, path), maxBytes);
  const { config, issues } = examine(source.value, { env, readFile, readBytes, parseSamlMetadata });
  const faults = inFileOrder([
    ...source.faults.map((fault): Fault => ({ severity: 'error', file, path: '', ...fault })),
    ...issues.map((issue) => locateIssue(issue, source, file)),
  ]);
  if (config === undefined || faults.some(({ severity }) => severity === 'error'))
    return { ok: false, faults };
  return { ok: true, config: deepFreeze(config), warnings: faults };
}

function readText(path: string, maxBytes: number): FileText {
  const read = readWhole(path, maxBytes);
  if ('problem' in read) return read;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(read.bytes) };
  } catch {
    return { problem: 'it is not UTF-8 text' };
  }
}

function readWhole(path: string, maxBytes: number): FileBytes {
  try {
    const stats = statSync(path);
    // A device or a pipe has no size that could be tested.
    if (!stats.isFile()) return { problem: 'it is not a file' };
    if (stats.size > maxBytes) return { problem: `it is larger than ${maxBytes} bytes` };
    return { bytes: readFileSync(path) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

function problemOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES') return 'it may not be read by this user';
  return `it cannot be read (${String(code)})`;
}

function unreadable(file: string, problem: string): Fault {
  const code = problem.startsWith('it is larger') ? 'file-too-large' : 'unreadable-file';
  const message = `The configuration file cannot be used: ${problem}.`;
  return { severity: 'error', code, message, file, line: 1, column: 1, path: '' };
}

function examine(
  value: unknown,
  deps: Pick<Resolution, 'env' | 'readFile' | 'readBytes' | 'parseSamlMetadata'>,
): Examination {
  // Too broken to be read: the syntax faults say all.
  if (value === undefined) return { issues: [] };
  const issues: Issue[] = [];
  const report = (issue: Issue) => void issues.push(issue);
  const parsed = configSchema.safeParse(value);
  if (parsed.success) {
    const config = resolveConfig(parsed.data, { ...deps, report, incomplete: new Set() });
    return { config, issues };
  }
  const rest = salvage(value, parsed.error.issues);
  if (rest !== undefined) resolveConfig(rest.file, { ...deps, report, incomplete: rest.incomplete });
  const found = issues.map((issue) => ({ ...issue, path: rest?.original(issue.path) ?? issue.path }));
  return { issues: [...describeSchemaIssues(parsed.error, value), ...found] };
}

function locateIssue(issue: Issue, source: SourceDocument, file: string): Fault {
  const { line, column } = position(issue, source);
  return { ...issue, file, line, column, path: renderPath(issue.path) };
}

function position({ code, path }: Issue, { locate, locateKey }: SourceDocument): ReturnType<typeof locate> {
  const find: (path: Path) => ReturnType<typeof locate> = code === 'unknown-key' ? locateKey : locate;
  return find(path);
}

function inFileOrder(faults: readonly Fault[]): readonly Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

// Plain data only: what is compiled guards itself, and byte arrays cannot be frozen.
function deepFreeze<T>(value: T): T {
  if (Array.isArray(value) || isPlain(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
