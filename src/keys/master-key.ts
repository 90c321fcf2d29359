import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Secret } from '../domain/credentials/secret.ts';

/** A 256-bit key and the name by which sealed values find it. */
export type MasterKey = { readonly id: string; readonly key: KeyObject };

/** The first key seals, all of them open: so values that an older key sealed live on. */
export type MasterKeyRing = readonly [MasterKey, ...MasterKey[]];

/** Where the ring's text comes from. A file that does not exist is created. */
export type MasterKeySource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'text'; readonly text: Secret };

const KEY_BYTES = 32;
const MAX_RING_BYTES = 65_536;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

/**
 * Loads the key ring. Processes that start at once on a missing file agree on one key.
 * Throws an `Error` that says what to do when the text is malformed or the file is open to others.
 */
export function loadMasterKeyRing(source: MasterKeySource): MasterKeyRing {
  if (source.kind === 'text') return parseMasterKeyRing(source.text.reveal());
  if (!existsSync(source.path)) createMasterKeyFile(source.path);
  return parseMasterKeyRing(readPrivateFile(source.path));
}

/**
 * Puts a new key in front of the ring and keeps the old ones; returns the new key's id. Processes that run seal
 * with it after a reload. Throws when another rotation is under way.
 */
export function rotateMasterKeyFile(path: string): string {
  const ring = readPrivateFile(path);
  parseMasterKeyRing(ring);
  const entry = newEntry();
  // The name is fixed, so it is a lock as well: of two rotations at once, one would lose the other's key.
  const next = `${path}.next`;
  writePrivateFile(next, `${entry}\n${ring.trim()}\n`);
  renameSync(next, path);
  syncFolder(path);
  return entry.slice(0, entry.indexOf(':'));
}

/** Parses `kid:base64` entries, one to a line or separated by commas. Its errors never quote the text. */
export function parseMasterKeyRing(text: string): MasterKeyRing {
  const entries = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const [first, ...rest] = entries.map(parseEntry);
  if (first === undefined)
    throw new Error('The master key is empty: it must hold one kid:base64 entry at least.');
  const ids = new Set([first, ...rest].map(({ id }) => id));
  // With two keys of one name, which of them opens a value would be chance.
  if (ids.size !== entries.length) throw new Error('The master key has two entries with the same key id.');
  return [first, ...rest];
}

function parseEntry(entry: string, index: number): MasterKey {
  const [id = '', base64 = '', ...rest] = entry.split(':');
  const bytes = Buffer.from(base64, 'base64');
  // Node skips what is not base64, so a damaged key would load as another one.
  const isExact = rest.length === 0 && bytes.length === KEY_BYTES && bytes.toString('base64') === base64;
  if (isExact && KEY_ID.test(id)) return { id, key: createSecretKey(bytes) };
  throw new Error(
    `Entry ${index + 1} of the master key is malformed: it must be kid:base64 of ${KEY_BYTES} bytes.`,
  );
}

// A short id: every sealed secret carries it.
function newEntry(): string {
  return `${randomBytes(3).toString('base64url')}:${randomBytes(KEY_BYTES).toString('base64')}`;
}

// A link appears whole or not at all and never replaces a file, so whoever comes second reads the first one's key.
function createMasterKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  writePrivateFile(draft, `${newEntry()}\n`);
  try {
    linkSync(draft, path);
    syncFolder(path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

// Flushed before it gets its name: a key that is lost in a crash takes all that it sealed with it.
function writePrivateFile(path: string, text: string): void {
  const file = openExclusively(path);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function openExclusively(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new Error(`${path} exists: another rotation is under way. If none is, remove it and try again.`, {
      cause: error,
    });
  }
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

// Mode and content are read through one descriptor, so the file that was checked is the file that is read.
function readPrivateFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { mode, size } = fstatSync(file);
    if ((mode & 0o077) !== 0) {
      throw new Error(`The master key file ${path} is open to other users. Run: chmod 600 ${path}`);
    }
    if (size > MAX_RING_BYTES)
      throw new Error(`The master key file ${path} is larger than ${MAX_RING_BYTES} bytes.`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
