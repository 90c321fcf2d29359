import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SamlMetadata } from '../../../src/domain/identity/saml-metadata.ts';
import { createSelfSignedCertificate } from '../../../src/keys/self-signed-certificate.ts';
import { createCertificateWatch } from '../../../src/keys/certificate-watch.ts';
import { makeSamlProvider } from '../../support/saml/identity-provider.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 5, 1);
const { publicKey: key } = generateKeyPairSync('ed25519');

function metadata(...entities: readonly (readonly number[])[]): SamlMetadata {
  return {
    entities: entities.map((ends, index) => ({
      entityId: `https://idp.example.com/${index}`,
      signingKeys: ends.map((days) => ({ key, certificate: '', notAfterMs: START + days * DAY_MS })),
      singleSignOn: [],
      singleLogout: [],
      wantAuthnRequestsSigned: false,
    })),
  };
}

function setUp(given: () => SamlMetadata) {
  const world = { nowMs: START, metric: new Map<string, number>(), warnings: 0 };
  const watch = createCertificateWatch({
    metadataOf: () => Promise.resolve().then(given),
    now: () => world.nowMs,
    onExpiry: (found) => (world.metric = new Map(found)),
    warn: () => world.warnings++,
  });
  return { world, look: () => watch([makeSamlProvider()]) };
}

describe('createCertificateWatch', () => {
  it('warns from 30 days before the end on, once a day, and after it', async () => {
    const { world, look } = setUp(() => metadata([31]));
    await look();
    expect(world.warnings).toBe(0);
    for (const [days, warnings] of [
      [1, 1],
      [1.5, 1],
      [2, 2],
      [40, 3],
    ] as const) {
      world.nowMs = START + days * DAY_MS;
      await look();
      expect([days, world.warnings]).toEqual([days, warnings]);
    }
  });

  it('warns of our own certificate, too', async () => {
    const notAfterMs = START + 10 * DAY_MS;
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const subject = { ...pair, commonName: 'own', notBeforeMs: START, notAfterMs };
    const warned: unknown[] = [];
    const watch = createCertificateWatch({
      metadataOf: () => Promise.reject(new Error('none')),
      now: () => START,
      onExpiry: () => undefined,
      warn: (...about) => warned.push(about),
    });
    await watch([], createSelfSignedCertificate({ ...subject, serialNumber: Buffer.alloc(16) }));
    expect(warned).toEqual([['own', notAfterMs]]);
  });

  it.each([
    ['the newer certificate of a rollover', [[10, 400]], 400],
    ['the entity that ends first', [[400], [10, 50]], 50],
  ] as const)('goes by %s', async (_name, entities, days) => {
    const { world, look } = setUp(() => metadata(...entities));
    await look();
    expect(world.metric.get('corp')).toBe(START + days * DAY_MS);
  });

  it('passes over metadata that cannot be had, and keeps no old value of it', async () => {
    let isDown = false;
    const { world, look } = setUp(() => {
      if (isDown) throw new Error('down');
      return metadata([10]);
    });
    await look();
    isDown = true;
    await look();
    expect(world.metric.size).toBe(0);
  });
});
