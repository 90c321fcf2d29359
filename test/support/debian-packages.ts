import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '../../.cache');

export type DebianPackages = {
  /** Folder below `.cache`. */
  readonly folder: string;
  readonly packages: readonly string[];
  /** A path below the folder that is there when everything is. */
  readonly proof: string;
  /** Archives that apt brings along and nobody needs, by the beginning of their names. */
  readonly without?: readonly string[];
};

/**
 * Fetches Debian's packages and unpacks them beside the project: nothing is installed on the system.
 *
 * @returns the folder they are in, or undefined where they cannot be had
 */
export function unpackDebianPackages(wanted: DebianPackages): string | undefined {
  const target = join(CACHE, wanted.folder);
  if (existsSync(join(target, wanted.proof))) return target;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, `${wanted.folder}-`));
  try {
    if (!download(wanted, fresh) || !existsSync(join(fresh, wanted.proof))) return undefined;
    return moveUnlessThere(fresh, target, wanted.proof) ? target : undefined;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function download({ packages, without = [] }: DebianPackages, folder: string): boolean {
  const archives = join(folder, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const fetchAll = (): boolean => {
    const options = ['--download-only', '--no-install-recommends', '-o', `Dir::Cache::archives=${archives}`];
    return run('apt-get', ['-y', ...options, 'install', ...packages]);
  };
  if (!fetchAll() && !(run('apt-get', ['update']) && fetchAll())) return false;
  const needed = readdirSync(archives).filter(
    (name) => name.endsWith('.deb') && !without.some((start) => name.startsWith(start)),
  );
  const unpacked = needed.every((name) => run('dpkg-deb', ['-x', join(archives, name), folder]));
  rmSync(archives, { recursive: true });
  return unpacked;
}

/** The rename makes the folder appear whole or not at all; another worker may have been faster. */
function moveUnlessThere(fresh: string, target: string, proof: string): boolean {
  try {
    renameSync(fresh, target);
    return true;
  } catch {
    return existsSync(join(target, proof));
  }
}

function run(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 120_000 }).status === 0;
}
