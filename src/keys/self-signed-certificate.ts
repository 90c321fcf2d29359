import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type CertificateSubject = {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly commonName: string;
  /** Epoch milliseconds, both. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** 16 random bytes. */
  readonly serialNumber: Uint8Array;
};

const SHA256_WITH_RSA = '2a864886f70d01010b';
const COMMON_NAME = '550403';

/**
 * An X.509 certificate of an RSA key by itself, PEM. SAML trusts the key that metadata names, so nothing but its form
 * matters: that is why no certificate authority and no extension is involved.
 *
 * @see RFC 5280 4.1
 */
export function createSelfSignedCertificate(subject: CertificateSubject): string {
  const algorithm = sequence(oid(SHA256_WITH_RSA), der(0x05));
  const name = sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(subject.commonName)))));
  const body = sequence(
    VERSION_3,
    der(0x02, positive(subject.serialNumber)),
    algorithm,
    name,
    sequence(time(subject.notBeforeMs), time(subject.notAfterMs)),
    name,
    subject.publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, subject.privateKey));
  return toPem(sequence(body, algorithm, signature));
}

/** Without extensions it could be version 1, which some readers take for a relic and refuse. */
const VERSION_3 = der(0xa0, der(0x02, Buffer.from([2])));

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(body.length)]), body]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

// DER integers are signed, and have no needless leading byte: a first byte of 1 to 127 is right in any case.
function positive(bytes: Uint8Array): Buffer {
  const [first = 0, ...rest] = bytes;
  return Buffer.from([(first & 0x3f) | 0x40, ...rest]);
}

// UTCTime ends with 2049; from then on it must be GeneralizedTime (RFC 5280 4.1.2.5).
function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}
