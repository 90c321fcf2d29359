import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { FederationError } from '../../../src/domain/errors.ts';
import type { SealedKeyStore } from '../../../src/domain/identity/sealed-key-store.ts';
import {
  LONGEST_TOKEN_MS,
  PUBLISH_AHEAD_MS,
  RETIRED_MS,
  RETIRED_PRIVATE_MS,
  RING_MAX_STALE_MS,
  RING_REFRESH_MS,
} from '../../../src/domain/token/key-schedule.ts';
import {
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type TokenClaims,
} from '../../../src/domain/token/token-signer.ts';
import { parseMasterKeyRing } from '../../../src/keys/master-key.ts';
import { createSealer } from '../../../src/keys/seal.ts';
import { createSigningKeys, type SigningKeyDeps, type SigningKeys } from '../../../src/keys/signing-keys.ts';
import {
  listSigningKeys,
  readSigningRing,
  replaceSigningKeys,
  rotateSigningKeys,
} from '../../../src/keys/signing-ring.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';

const DAY_MS = 86_400_000;
const ROTATION_MS = 90 * DAY_MS;
const masterKey = (id: string) => parseMasterKeyRing(`${id}:${Buffer.alloc(32, id).toString('base64')}`);

let nowMs: number;
let store: SealedKeyStore;
let deps: SigningKeyDeps;
/** Of the store, so far. */
let reads: number;
let isDown: boolean;
beforeEach(() => {
  nowMs = Date.UTC(2026, 5, 1);
  [reads, isDown] = [0, false];
  const now = () => nowMs;
  const sqlite = createSqliteStore({ path: ':memory:', now }).sealedKeys;
  const reach = <T>(run: () => Promise<T>): Promise<T> =>
    isDown ? Promise.reject(new FederationError('store-unavailable', 'down')) : run();
  store = {
    read: (name) => reach(() => (reads++, sqlite.read(name))),
    replace: (name, next) => reach(() => sqlite.replace(name, next)),
  };
  deps = { store, sealer: createSealer(masterKey('k1')), now, rotationMs: ROTATION_MS };
});

const claims = (lifeMs = 300_000): TokenClaims => ({
  iss: 'https://sts.acme.example',
  sub: 's',
  aud: 'a',
  iat: Math.floor(nowMs / 1000),
  exp: Math.floor((nowMs + lifeMs) / 1000),
  jti: 'j',
});
const signWith = (keys: SigningKeys, algorithm: SigningAlgorithm = 'ES256') =>
  keys.sign(claims(), { algorithm, type: 'JWT' });
const kidOf = (token: string): unknown => {
  const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
  return typeof header === 'object' && header !== null && 'kid' in header ? header.kid : undefined;
};
const kidsOf = async (keys: SigningKeys) => (await keys.publicKeys()).keys.map(({ kid }) => kid);
const phases = async () => (await listSigningKeys(deps)).map(({ phase }) => phase);
describe('a signed token', () => {
  it.each(SIGNING_ALGORITHMS)('of %s verifies with jose by the published keys', async (algorithm) => {
    const keys = createSigningKeys(deps);
    const token = await keys.sign({ ...claims(), extra: ['ü', 1] }, { algorithm, type: 'at+jwt' });
    const { keys: published } = await keys.publicKeys();
    const keySet = createLocalJWKSet({ keys: published.map((key) => ({ ...key })) });
    const { payload, protectedHeader } = await jwtVerify(token, keySet, {
      algorithms: [algorithm],
      typ: 'at+jwt',
      currentDate: new Date(nowMs),
    });
    expect(payload).toEqual({ ...claims(), extra: ['ü', 1] });
    expect(protectedHeader).toEqual({ alg: algorithm, kid: published[0]?.kid, typ: 'at+jwt' });
  });

  it('is refused a life that its key would not be published for, and one without an end', async () => {
    const keys = createSigningKeys(deps);
    const header = { algorithm: 'ES256', type: 'JWT' } as const;
    await expect(keys.sign(claims(LONGEST_TOKEN_MS + 1000), header)).rejects.toThrow('longer than its key');
    await expect(keys.sign({ ...claims(), exp: NaN }, header)).rejects.toThrow('longer than its key');
    await expect(keys.sign({ ...claims(), exp: Infinity }, header)).rejects.toThrow('longer than its key');
    await expect(keys.sign(claims(LONGEST_TOKEN_MS), header)).resolves.toMatch(/^e/);
  });
});

describe('the published keys', () => {
  it('have public members only, and each its id, algorithm and use', async () => {
    const keys = createSigningKeys(deps);
    await keys.prepare(SIGNING_ALGORITHMS);
    await rotateSigningKeys(deps);
    const { keys: published } = await createSigningKeys(deps).publicKeys();
    expect(published).toHaveLength(8);
    const members = { EdDSA: 'crv kty x', ES256: 'crv kty x y', ES384: 'crv kty x y', RS256: 'e kty n' };
    for (const { kid, alg, use, ...key } of published) {
      expect(Object.keys(key).toSorted().join(' ')).toBe(members[alg]);
      expect(kid).toMatch(/^[\w-]{43}$/);
      expect(use).toBe('sig');
    }
  });

  it('are none before a key is asked for, and RSA keys are made only where RS256 is', async () => {
    const keys = createSigningKeys(deps);
    expect(await keys.publicKeys()).toEqual({ keys: [] });
    await signWith(keys);
    expect((await keys.publicKeys()).keys.map(({ alg }) => alg)).toEqual(['ES256']);
  });

  it('come from memory, and are read again once a minute at most, by nobody who waits', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    const before = reads;
    nowMs += RING_REFRESH_MS - 1;
    for (let asked = 0; asked < 50; asked += 1) await keys.publicKeys();
    expect(reads).toBe(before);
    nowMs += 1;
    await Promise.all(Array.from({ length: 50 }, () => keys.publicKeys()));
    await expect.poll(() => reads).toBe(before + 1);
  });

  it('stay the same object while the same keys are in them, so that nobody renders them anew', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    const set = await keys.publicKeys();
    nowMs += RING_REFRESH_MS;
    await keys.maintain();
    expect(await keys.publicKeys()).toBe(set);
    await rotateSigningKeys(deps);
    await keys.maintain();
    expect(await keys.publicKeys()).not.toBe(set);
  });

  it('are there while the store does not answer, but not where they were never read', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    isDown = true;
    nowMs += DAY_MS;
    expect((await keys.publicKeys()).keys).toHaveLength(1);
    await expect(createSigningKeys(deps).publicKeys()).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('pass to the next runtime over a reload', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    isDown = true;
    const next = createSigningKeys(deps, keys.known());
    expect(await next.publicKeys()).toEqual(await keys.publicKeys());
  });
});

describe('a node', () => {
  it('agrees with all others that start at the same moment', async () => {
    const nodes = Array.from({ length: 4 }, () => createSigningKeys(deps));
    const tokens = await Promise.all(nodes.map((node) => signWith(node)));
    expect(new Set(tokens.map(kidOf)).size).toBe(1);
  });

  it('makes one key for any number of first tokens at once', async () => {
    const keys = createSigningKeys(deps);
    const tokens = await Promise.all(Array.from({ length: 30 }, () => signWith(keys, 'RS256')));
    expect(new Set(tokens.map(kidOf)).size).toBe(1);
    expect(reads).toBeLessThan(5);
  });

  it('signs nothing by a ring that it could not read for half an hour', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    isDown = true;
    nowMs += RING_MAX_STALE_MS - 1;
    await expect(signWith(keys)).resolves.toMatch(/^e/);
    nowMs += 1;
    await expect(signWith(keys)).rejects.toMatchObject({ code: 'store-unavailable' });
    isDown = false;
    await expect(signWith(keys)).resolves.toMatch(/^e/);
  });

  it('finds a key that another node made a moment ago, and asks the store for invented ids every ten seconds', async () => {
    const [one, two] = [createSigningKeys(deps), createSigningKeys(deps)];
    await two.publicKeys();
    const kid = String(kidOf(await signWith(one)));
    expect(await two.find(kid)).toBeDefined();
    const before = reads;
    nowMs += 9_999;
    for (let asked = 0; asked < 20; asked += 1) expect(await two.find(`invented-${asked}`)).toBeUndefined();
    expect(reads).toBe(before);
    nowMs += 1;
    await Promise.all([two.find('invented'), two.find('invented')]);
    expect(reads).toBe(before + 1);
  });

  it('finds the public part of a key only', async () => {
    const keys = createSigningKeys(deps);
    const token = await signWith(keys);
    expect((await keys.find(String(kidOf(token))))?.type).toBe('public');
  });

  it('takes the set of another master key for no set at all', async () => {
    await signWith(createSigningKeys(deps));
    const foreign = createSigningKeys({ ...deps, sealer: createSealer(masterKey('k2')) });
    await expect(signWith(foreign)).rejects.toThrow('names no key of the ring');
    expect(await phases()).toEqual(['signing']);
  });

  it('seals the set anew when the master key was rotated, so that the old one may leave the ring', async () => {
    const kid = kidOf(await signWith(createSigningKeys(deps)));
    const both = createSealer([...masterKey('k2'), ...masterKey('k1')]);
    await createSigningKeys({ ...deps, sealer: both }).maintain();
    const alone = createSigningKeys({ ...deps, sealer: createSealer(masterKey('k2')) });
    expect(kidOf(await signWith(alone))).toBe(kid);
  });

  it('leaves nothing readable in the store', async () => {
    await signWith(createSigningKeys(deps));
    const stored = Buffer.from((await store.read('token-signing'))?.sealed ?? []).toString('latin1');
    expect(stored).not.toMatch(/PRIVATE|PUBLIC|ES256|signsFrom/);
  });
});

describe('rotation by the clock', () => {
  it('publishes the next key ahead, lets it sign on time, and removes the old one when its last token is over', async () => {
    const keys = createSigningKeys(deps);
    const old = kidOf(await signWith(keys));
    nowMs += ROTATION_MS - PUBLISH_AHEAD_MS - 1;
    expect((await keys.maintain()).made).toEqual([]);
    nowMs += 1;
    const [made] = (await keys.maintain()).made;
    expect(made).toMatchObject({ algorithm: 'ES256', signsFromMs: nowMs + PUBLISH_AHEAD_MS });
    expect(kidOf(await signWith(keys))).toBe(old);
    expect(await kidsOf(keys)).toEqual([old, made?.kid]);
    nowMs += PUBLISH_AHEAD_MS;
    await keys.maintain();
    expect(kidOf(await signWith(keys))).toBe(made?.kid);
    expect(await kidsOf(keys)).toEqual([made?.kid, old]);
    nowMs += RETIRED_MS - 1;
    expect(await kidsOf(keys)).toContain(old);
    nowMs += 1;
    expect(await kidsOf(keys)).toEqual([made?.kid]);
    await keys.maintain();
    expect((await readSigningRing(deps)).map(({ kid }) => kid)).toEqual([made?.kid]);
  });

  it('makes one next key, however many nodes find it due at once', async () => {
    const nodes = Array.from({ length: 4 }, () => createSigningKeys(deps));
    await Promise.all(nodes.map((node) => signWith(node)));
    nowMs += ROTATION_MS;
    const maintained = await Promise.all(nodes.map((node) => node.maintain()));
    expect(maintained.flatMap(({ made }) => made)).toHaveLength(1);
    expect(await phases()).toEqual(['signing', 'published']);
  });

  it('erases the private part of a key that nobody signs with any more, and not sooner', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    await rotateSigningKeys(deps);
    const held = async () => (await readSigningRing(deps)).filter(({ privateKey }) => privateKey).length;
    nowMs += PUBLISH_AHEAD_MS + RETIRED_PRIVATE_MS - 1;
    await keys.maintain();
    expect(await held()).toBe(2);
    nowMs += 1;
    await keys.maintain();
    expect(await held()).toBe(1);
    expect(await phases()).toEqual(['signing', 'retired']);
  });

  it('writes nothing while nothing is due', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    const before = (await store.read('token-signing'))?.revision;
    nowMs += DAY_MS;
    await keys.maintain();
    expect((await store.read('token-signing'))?.revision).toBe(before);
  });

  it('tells since when each key signs, and goes on when it failed once', async () => {
    const keys = createSigningKeys(deps);
    await signWith(keys);
    nowMs += 5000;
    await signWith(keys, 'EdDSA');
    isDown = true;
    await expect(keys.maintain()).rejects.toMatchObject({ code: 'store-unavailable' });
    isDown = false;
    nowMs += 1000;
    expect([...(await keys.maintain()).ages]).toEqual([
      ['ES256', 6000],
      ['EdDSA', 1000],
    ]);
  });
});

describe('rotateSigningKeys', () => {
  it('publishes a key of each algorithm, which signs after the lead time', async () => {
    const keys = createSigningKeys(deps);
    await keys.prepare(['ES256', 'EdDSA']);
    const rotated = await rotateSigningKeys(deps);
    expect(rotated.map(({ phase }) => phase)).toEqual(['signing', 'signing', 'published', 'published']);
    expect(rotated.at(-1)?.signsFromMs).toBe(nowMs + PUBLISH_AHEAD_MS);
    expect(rotated[0]?.goneAtMs).toBe(nowMs + PUBLISH_AHEAD_MS + RETIRED_MS);
  });

  it('is one rotation where two nodes rotate at once, or one twice', async () => {
    await signWith(createSigningKeys(deps));
    await Promise.all([rotateSigningKeys(deps), rotateSigningKeys(deps)]);
    await rotateSigningKeys(deps);
    expect(await phases()).toEqual(['signing', 'published']);
  });

  it('makes nothing where no key was ever asked for', async () => {
    expect(await rotateSigningKeys(deps)).toEqual([]);
    expect(await replaceSigningKeys(deps)).toEqual([]);
  });

  it('shows no private key', async () => {
    await signWith(createSigningKeys(deps));
    expect(JSON.stringify(await rotateSigningKeys(deps))).not.toMatch(/PRIVATE|PUBLIC|BEGIN/);
  });
});

describe('replaceSigningKeys', () => {
  it('takes away those that sign, wait and are retired; the new ones sign on each node within a minute', async () => {
    const keys = createSigningKeys(deps);
    const token = await signWith(keys);
    await rotateSigningKeys(deps);
    nowMs += PUBLISH_AHEAD_MS;
    await rotateSigningKeys(deps);
    expect(await phases()).toEqual(['signing', 'published', 'retired']);
    const [replaced, ...others] = await replaceSigningKeys(deps);
    expect(others).toEqual([]);
    expect(replaced).toMatchObject({ phase: 'signing', signsFromMs: nowMs });
    nowMs += RING_REFRESH_MS;
    await keys.maintain();
    expect(kidOf(await signWith(keys))).toBe(replaced?.kid);
    expect(await kidsOf(keys)).toEqual([replaced?.kid]);
    expect(await keys.find(String(kidOf(token)))).toBeUndefined();
  });

  it('happens once where two nodes do it at once, and again for whoever asks later', async () => {
    const keys = createSigningKeys(deps);
    await keys.prepare(['ES256', 'EdDSA']);
    const [one, two] = await Promise.all([replaceSigningKeys(deps), replaceSigningKeys(deps)]);
    expect(two).toEqual(one);
    expect(one).toHaveLength(2);
    const kids = new Set((await replaceSigningKeys(deps)).map(({ kid }) => kid));
    expect(one.some(({ kid }) => kids.has(kid))).toBe(false);
  });
});

it('the signature is what node:crypto verifies, r and s side by side (RFC 7518 3.4)', async () => {
  const keys = createSigningKeys(deps);
  const token = await signWith(keys, 'ES384');
  const [header, payload, signature = ''] = token.split('.');
  const [jwk] = (await keys.publicKeys()).keys;
  const key = {
    key: createPublicKey({ key: { ...jwk }, format: 'jwk' }),
    dsaEncoding: 'ieee-p1363',
  } as const;
  const bytes = Buffer.from(signature, 'base64url');
  expect(bytes).toHaveLength(96);
  expect(verify('sha384', Buffer.from(`${header}.${payload}`), key, bytes)).toBe(true);
  expect(verify('sha384', randomBytes(32), key, bytes)).toBe(false);
});
