import { createPublicKey, privateDecrypt, publicEncrypt, randomBytes, X509Certificate } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SealedKeyStore } from '../../../src/domain/identity/sealed-key-store.ts';
import { FederationError } from '../../../src/domain/errors.ts';
import { parseMasterKeyRing } from '../../../src/keys/master-key.ts';
import { createSealer } from '../../../src/keys/seal.ts';
import { createSpKeys, listSpKeys, rotateSpKeys, type SpKeyDeps } from '../../../src/keys/sp-keys.ts';
import { createSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';

const DAY_MS = 86_400_000;
const ring = (id: string) => parseMasterKeyRing(`${id}:${Buffer.alloc(32, id).toString('base64')}`);

let nowMs: number;
let store: SealedKeyStore;
let deps: SpKeyDeps;
beforeEach(() => {
  nowMs = Date.UTC(2026, 5, 1);
  const now = () => nowMs;
  store = createSqliteStore({ path: ':memory:', now }).sealedKeys;
  deps = { store, sealer: createSealer(ring('k1')), now, random: randomBytes };
});

const base64Certificates = (keys: { readonly signingCertificates: readonly string[] }) =>
  keys.signingCertificates.map((pem) => new X509Certificate(pem).fingerprint256);

describe('createSpKeys', () => {
  it('makes a current and a next pair for each use, with a certificate that the key itself signed', async () => {
    const keys = await createSpKeys(deps)();
    const certificates = [...keys.signingCertificates, ...keys.encryptionCertificates];
    expect(new Set(certificates).size).toBe(4);
    for (const pem of certificates) {
      const certificate = new X509Certificate(pem);
      expect(certificate.verify(certificate.publicKey)).toBe(true);
      expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
      expect(certificate.validFromDate.getTime()).toBeLessThan(nowMs);
      expect(certificate.validToDate.getTime()).toBe(nowMs + 3 * 365 * DAY_MS);
    }
    expect(keys.signing.certificate).toBe(keys.signingCertificates[0]);
    expect(
      createPublicKey(keys.signing.privateKey).equals(
        new X509Certificate(keys.signing.certificate).publicKey,
      ),
    ).toBe(true);
  });

  it('decrypts with both encryption keys, and with no signing key', async () => {
    const keys = await createSpKeys(deps)();
    expect(keys.decryptionKeys).toHaveLength(2);
    keys.encryptionCertificates.forEach((pem, index) => {
      const key = keys.decryptionKeys[index];
      if (key === undefined) throw new Error('no key');
      const sealed = publicEncrypt(new X509Certificate(pem).publicKey, Buffer.from('x'));
      expect(privateDecrypt(key, sealed).toString()).toBe('x');
    });
    const signing = createPublicKey(keys.signing.privateKey);
    expect(keys.decryptionKeys.some((key) => createPublicKey(key).equals(signing))).toBe(false);
  });

  it('agrees with every other node that starts at the same moment', async () => {
    const nodes = await Promise.all([createSpKeys(deps)(), createSpKeys(deps)(), createSpKeys(deps)()]);
    expect(new Set(nodes.map((keys) => keys.signing.certificate)).size).toBe(1);
  });

  it('asks the store once a minute, and follows a rotation within that time', async () => {
    let reads = 0;
    const counting = { ...deps, store: { ...store, read: (name: string) => (reads++, store.read(name)) } };
    const spKeys = createSpKeys(counting);
    const [first] = await Promise.all([spKeys(), spKeys(), spKeys()]);
    const before = reads;
    await rotateSpKeys(deps);
    expect((await spKeys()).signing.certificate).toBe(first.signing.certificate);
    expect(reads).toBe(before);
    nowMs += 60_000;
    expect((await spKeys()).signing.certificate).toBe(first.signingCertificates[1]);
  });

  it('goes on with the keys it has while the store does not answer, but does not start so', async () => {
    let isDown = false;
    const down = () => Promise.reject(new FederationError('store-unavailable', 'down'));
    const shaky = {
      ...deps,
      store: { ...store, read: (name: string) => (isDown ? down() : store.read(name)) },
    };
    const spKeys = createSpKeys(shaky);
    const keys = await spKeys();
    isDown = true;
    nowMs += 120_000;
    expect(await spKeys()).toBe(keys);
    await expect(createSpKeys(shaky)()).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('is sealed anew when the master key was rotated, so that the old one may leave the ring', async () => {
    const { signing } = await createSpKeys(deps)();
    const both = createSealer([...ring('k2'), ...ring('k1')]);
    await createSpKeys({ ...deps, sealer: both })();
    const { revision } = (await store.read('saml-sp')) ?? {};
    await createSpKeys({ ...deps, sealer: both })();
    expect((await store.read('saml-sp'))?.revision).toBe(revision);
    const keys = await createSpKeys({ ...deps, sealer: createSealer(ring('k2')) })();
    expect(keys.signing.certificate).toBe(signing.certificate);
  });

  it('leaves nothing in the store that another master key opens, or that shows a key', async () => {
    await createSpKeys(deps)();
    const stored = Buffer.from((await store.read('saml-sp'))?.sealed ?? []);
    expect(stored.toString('latin1')).not.toMatch(/PRIVATE KEY|CERTIFICATE/);
    const foreign = { ...deps, sealer: createSealer(ring('k2')) };
    await expect(createSpKeys(foreign)()).rejects.toThrow('names no key of the ring');
  });
});

describe('rotateSpKeys', () => {
  it('makes current what metadata named as next, and names a new next one', async () => {
    const before = await createSpKeys(deps)();
    await rotateSpKeys(deps);
    const after = await createSpKeys(deps)();
    expect(base64Certificates(after)[0]).toBe(base64Certificates(before)[1]);
    expect(base64Certificates(before)).not.toContain(base64Certificates(after)[1]);
  });

  it('lets the old key decrypt for 30 days, and no longer', async () => {
    const [old] = (await createSpKeys(deps)()).decryptionKeys;
    if (old === undefined) throw new Error('no key');
    await rotateSpKeys(deps);
    const holds = async () => (await createSpKeys(deps)()).decryptionKeys.some((key) => key.equals(old));
    expect(await holds()).toBe(true);
    nowMs += 30 * DAY_MS - 1;
    expect(await holds()).toBe(true);
    nowMs += 1;
    expect(await holds()).toBe(false);
    await rotateSpKeys(deps);
    expect((await listSpKeys(deps)).filter(({ state }) => state === 'retired')).toHaveLength(2);
  });

  it('loses none of two rotations at once', async () => {
    await createSpKeys(deps)();
    await Promise.all([rotateSpKeys(deps), rotateSpKeys(deps)]);
    const states = (await listSpKeys(deps)).map(({ use, state }) => `${use} ${state}`);
    expect(states.filter((state) => state === 'signing retired')).toHaveLength(2);
    expect(states.filter((state) => state === 'signing current')).toHaveLength(1);
    expect(states.filter((state) => state === 'signing next')).toHaveLength(1);
  });

  it('makes the first keys where there are none, rather than rotate them away', async () => {
    const keys = await rotateSpKeys(deps);
    expect(keys.map(({ state }) => state)).toEqual(['current', 'current', 'next', 'next']);
  });
});

describe('listSpKeys', () => {
  it('shows no private key', async () => {
    expect(JSON.stringify(await listSpKeys(deps))).not.toContain('PRIVATE');
  });
});
