import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/domain/credentials/secret.ts';
import { loadMasterKeyRing, parseMasterKeyRing, rotateMasterKeyFile } from '../../../src/keys/master-key.ts';

const base64 = (byte: number, length = 32) => Buffer.alloc(length, byte).toString('base64');

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolebridge-key-'));
  path = join(folder, 'nested', 'master.key');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const load = () => loadMasterKeyRing({ kind: 'file', path });

describe('parseMasterKeyRing', () => {
  it('reads one entry to a line, in order', () => {
    const ring = parseMasterKeyRing(`b:${base64(2)}\r\na:${base64(1)}\n\n`);
    expect(ring.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(ring[0].key.export()).toEqual(Buffer.alloc(32, 2));
  });

  it('reads entries that are separated by commas, as environment variables need', () => {
    const text = new Secret(`b:${base64(2)},a:${base64(1)}`);
    expect(loadMasterKeyRing({ kind: 'text', text }).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  it.each([
    ['an empty text', ''],
    ['blank lines alone', '\n , \n'],
    ['an entry without key id', base64(1)],
    ['an empty key id', `:${base64(1)}`],
    ['a key id outside its alphabet', `a b:${base64(1)}`],
    ['a key id of 33 characters', `${'a'.repeat(33)}:${base64(1)}`],
    ['a key of 31 bytes', `a:${base64(1, 31)}`],
    ['a key of 33 bytes', `a:${base64(1, 33)}`],
    ['an empty key', 'a:'],
    ['characters that are not base64', `a:${base64(1).replace('A', '!')}`],
    ['base64 without its padding', `a:${base64(1).replace('=', '')}`],
    ['base64url', `a:${Buffer.alloc(32, 255).toString('base64url')}`],
    ['a third part', `a:${base64(1)}:x`],
    ['one key id twice', `a:${base64(1)}\na:${base64(2)}`],
    ['a malformed second entry', `a:${base64(1)}\nb:${base64(1, 16)}`],
  ])('refuses %s', (_title, text) => {
    expect(() => parseMasterKeyRing(text)).toThrow('master key');
  });

  it('never quotes key material in its errors', () => {
    const key = base64(7, 33);
    expect(() => parseMasterKeyRing(`a:${key}`)).toThrow(/^(?!.*BwcH)/);
  });
});

describe('loadMasterKeyRing', () => {
  it('creates a missing file for its owner alone, and reads the same key again', () => {
    const [{ id, key }] = load();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(load()[0].id).toBe(id);
    expect(load()[0].key.equals(key)).toBe(true);
    expect(readdirSync(join(folder, 'nested'))).toEqual(['master.key']);
  });

  it.each([0o644, 0o640, 0o602, 0o610])('refuses a file of mode %o and says how to mend it', (mode) => {
    load();
    chmodSync(path, mode);
    expect(load).toThrow(`chmod 600 ${path}`);
  });

  it('refuses a huge file', () => {
    load();
    writeFileSync(path, 'a'.repeat(100_000));
    expect(load).toThrow('larger than');
  });

  it('refuses a malformed file and leaves it as it is', () => {
    load();
    writeFileSync(path, 'not a key');
    expect(load).toThrow('malformed');
    expect(readFileSync(path, 'utf8')).toBe('not a key');
  });

  it('agrees on one key when several processes start at once', async () => {
    const module = new URL('../../../src/keys/master-key.ts', import.meta.url).href;
    const script = `const { loadMasterKeyRing } = await import(${JSON.stringify(module)});
      process.stdout.write(loadMasterKeyRing({ kind: 'file', path: ${JSON.stringify(path)} })[0].id);`;
    const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    const outputs = await Promise.all(Array.from({ length: 6 }, start));
    expect(new Set(outputs.map(({ stdout }) => stdout))).toEqual(new Set([load()[0].id]));
    expect(readdirSync(join(folder, 'nested'))).toEqual(['master.key']);
  });
});

describe('rotateMasterKeyFile', () => {
  it('puts a new key first, keeps the old ones and the mode', () => {
    const [{ id: first }] = load();
    const second = rotateMasterKeyFile(path);
    const third = rotateMasterKeyFile(path);
    expect(load().map(({ id }) => id)).toEqual([third, second, first]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('refuses while another rotation is under way, and changes nothing', () => {
    const [{ id }] = load();
    writeFileSync(`${path}.next`, '');
    expect(() => rotateMasterKeyFile(path)).toThrow('another rotation');
    expect(load().map((key) => key.id)).toEqual([id]);
  });

  it('refuses a malformed file', () => {
    load();
    writeFileSync(path, 'not a key');
    expect(() => rotateMasterKeyFile(path)).toThrow('malformed');
  });

  it('refuses a missing file', () => {
    expect(() => rotateMasterKeyFile(path)).toThrow('ENOENT');
  });
});
