import type { z } from 'zod';
import type { Path } from './fault.ts';
import { configSchema } from './schema.ts';
import type { ConfigFile } from './schema.ts';
import { pathOf } from './schema-issues.ts';

// Stand in where the two keys without a default are missing; nothing is checked against them.
const PLACEHOLDERS = { publicUrl: 'http://localhost', accounts: [{ id: '000000000000' }] };

/** What can still be read of a faulty file. */
export type Salvage = {
  readonly file: ConfigFile;
  /** Sections that lost entries: what is missing there may just be faulty. */
  readonly incomplete: ReadonlySet<string>;
  /** The place in the file of a place in `file`. */
  readonly original: (path: Path) => Path;
};

type Container = Record<string | number, unknown>;

/**
 * Cuts the faulty parts out of a copy, so that the rest is checked as well and one run reports every fault.
 * First the faulty values alone; where they were needed, the entries that hold them.
 */
export function salvage(value: unknown, issues: readonly z.core.$ZodIssue[]): Salvage | undefined {
  const copy: unknown = structuredClone(value);
  if (!isContainer(copy)) return undefined;
  for (const path of issues.flatMap(faultyPaths)) removeValue(copy, path);
  const incomplete = new Set<string>();
  for (const path of issuesOf(copy).map(pathOf)) removeEntry(copy, path, incomplete);
  const origins = closeGaps(copy);
  const rest = configSchema.safeParse({ ...copy, ...placeholdersFor(incomplete) });
  return rest.success ? { file: rest.data, incomplete, original: originalPath(origins) } : undefined;
}

function issuesOf(value: unknown): readonly z.core.$ZodIssue[] {
  const result = configSchema.safeParse(value);
  return result.success ? [] : result.error.issues;
}

function placeholdersFor(incomplete: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(PLACEHOLDERS).filter(([key]) => incomplete.has(key)));
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function faultyPaths(issue: z.core.$ZodIssue): readonly Path[] {
  const path = pathOf(issue);
  return issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
}

function removeValue(root: Container, path: Path): void {
  const last = path.at(-1);
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((node, step) => (isContainer(node) ? node[step] : undefined), root);
  // Not out of lists: that would move their other items to other positions.
  if (last === undefined || !isContainer(parent) || Array.isArray(parent)) return;
  Reflect.deleteProperty(parent, last);
}

function removeEntry(root: Container, [section, index]: Path, incomplete: Set<string>): void {
  if (typeof section !== 'string') return;
  incomplete.add(section);
  const entries = root[section];
  if (typeof index === 'number' && Array.isArray(entries)) entries[index] = undefined;
  else Reflect.deleteProperty(root, section);
}

type Origins = ReadonlyMap<string, readonly number[]>;

function closeGaps(root: Container): Origins {
  const origins = new Map<string, number[]>();
  for (const [section, entries] of Object.entries(root)) {
    if (!Array.isArray(entries)) continue;
    const kept = [...entries.keys()].filter((index) => entries[index] !== undefined);
    root[section] = kept.map((index): unknown => entries[index]);
    origins.set(section, kept);
  }
  return origins;
}

function originalPath(origins: Origins): (path: Path) => Path {
  return (path) => {
    const [section, index, ...rest] = path;
    if (typeof section !== 'string' || typeof index !== 'number') return path;
    return [section, origins.get(section)?.[index] ?? index, ...rest];
  };
}
