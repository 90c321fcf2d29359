import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSelfSignedCertificate } from '../../../src/keys/self-signed-certificate.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const START = Date.UTC(2026, 0, 1);
const certificateOf = (change: Partial<Parameters<typeof createSelfSignedCertificate>[0]> = {}) =>
  new X509Certificate(
    createSelfSignedCertificate({
      ...pair,
      commonName: 'rolebridge',
      notBeforeMs: START,
      notAfterMs: Date.UTC(2029, 0, 1),
      serialNumber: randomBytes(16),
      ...change,
    }),
  );

describe('createSelfSignedCertificate', () => {
  it('is a certificate that its own key verifies', () => {
    const certificate = certificateOf();
    expect(certificate.verify(pair.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.checkPrivateKey(pair.privateKey)).toBe(true);
    expect(certificate.subject).toBe('CN=rolebridge');
  });

  it.each([2049, 2050, 2120])(
    'ends in the year %d, in the form that the year wants (RFC 5280 4.1.2.5)',
    (year) => {
      const notAfterMs = Date.UTC(year, 11, 31, 23, 59, 59);
      expect(certificateOf({ notAfterMs }).validToDate.getTime()).toBe(notAfterMs);
    },
  );

  it('takes names of any length and script, and any serial number', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 64, unit: fc.constantFrom('a', 'ä', '字', ' ') }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        (commonName, serialNumber) => {
          const certificate = certificateOf({ commonName, serialNumber });
          expect(certificate.verify(pair.publicKey)).toBe(true);
          expect(certificate.serialNumber).toHaveLength(32);
          expect(certificate.serialNumber).not.toMatch(/^[089A-F]/);
        },
      ),
      { numRuns: 50 },
    );
  });
});
