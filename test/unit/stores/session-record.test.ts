import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/domain/session/session.ts';
import { CLAIMS_DICTIONARY } from '../../../src/stores/claims-dictionary.ts';
import { decodeSession, encodeSession } from '../../../src/stores/session-record.ts';
import { sampleSession } from '../../support/sample-session.ts';

const time = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
// Well-formed strings: half a surrogate pair has no UTF-8 form and cannot come from JSON over HTTP.
const text = fc.string({ unit: 'binary', maxLength: 60 });
const arn = fc.constantFrom(
  'arn:aws:iam::123456789012:role/a',
  'arn:aws:sts::123456789012:assumed-role/a/b',
  '',
  ':::',
  '🔑/🔒',
);
const name = fc.oneof(text, arn);

const REQUIRED = [
  ...['accessKeyId', 'tokenHash', 'sealedSecret', 'kind', 'account', 'principalArn', 'userId', 'issuerArn'],
  ...[
    'issuerId',
    'issuedAtMs',
    'expiresAtMs',
    'person',
    'tags',
    'transitiveTagKeys',
    'sessionPolicies',
    'claims',
  ],
] as const;

const anySession: fc.Arbitrary<Session> = fc.record(
  {
    accessKeyId: name,
    tokenHash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    sealedSecret: fc.uint8Array({ maxLength: 300 }),
    kind: fc.constantFrom('assumed-role', 'session-token', 'federated-user'),
    account: name,
    principalArn: name,
    userId: name,
    issuerArn: name,
    issuerId: name,
    issuedAtMs: time,
    expiresAtMs: time,
    signInExpiresAtMs: time,
    person: name,
    providerArn: name,
    tags: fc.dictionary(text, text, { maxKeys: 5 }),
    transitiveTagKeys: fc.array(text, { maxLength: 5 }),
    sourceIdentity: text,
    sessionPolicies: fc.array(
      fc.record(
        { inline: text, managedArns: fc.array(name, { maxLength: 3 }) },
        { requiredKeys: ['managedArns'] },
      ),
      { maxLength: 3 },
    ),
    mfaAuthenticatedAtMs: time,
    claims: fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 3 })), { maxKeys: 8 }),
  },
  { noNullPrototype: true, requiredKeys: [...REQUIRED] },
);

function plain(session: Session): unknown {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { ...session, tokenHash: hex(session.tokenHash), sealedSecret: hex(session.sealedSecret) };
}

describe('session record', () => {
  it('gives back whatever it was given', () => {
    fc.assert(
      fc.property(anySession, (session) => {
        expect(plain(decodeSession(session.accessKeyId, encodeSession(session)))).toEqual(plain(session));
      }),
      { numRuns: 500 },
    );
  });

  it('packs a GitHub Actions session with all its claims into 600 bytes', () => {
    expect(encodeSession(sampleSession()).length).toBeLessThanOrEqual(600);
  });

  it('reads a record that lies anywhere in a larger buffer', () => {
    const session = sampleSession();
    const record = encodeSession(session);
    const around = Buffer.concat([Buffer.alloc(7, 1), record, Buffer.alloc(9, 2)]);
    const view = new Uint8Array(around.buffer, around.byteOffset + 7, record.length);
    expect(plain(decodeSession(session.accessKeyId, view))).toEqual(plain(session));
  });

  it('keeps claims of 300 groups with long names', () => {
    const groups = Array.from({ length: 300 }, (_, at) => `group-${at}-${'x'.repeat(60)}`);
    const session = sampleSession({ claims: { 'idp.example.com:groups': groups } });
    expect(decodeSession(session.accessKeyId, encodeSession(session)).claims).toEqual(session.claims);
  });

  it('refuses a record that is cut at any byte', () => {
    const session = sampleSession();
    const record = encodeSession(session);
    for (let length = 0; length < record.length; length += 1) {
      expect(() => decodeSession(session.accessKeyId, record.subarray(0, length))).toThrow('cannot be read');
    }
  });

  it('refuses a record with any byte altered', () => {
    const session = sampleSession();
    const record = encodeSession(session);
    for (let at = 0; at < record.length; at += 1) {
      const altered = Buffer.from(record);
      altered[at] = (altered[at] ?? 0) ^ 0x10;
      expect(() => decodeSession(session.accessKeyId, altered), `byte ${at}`).toThrow('cannot be read');
    }
  });

  it('refuses a record with a byte too many, another session’s, and any random bytes', () => {
    const session = sampleSession();
    const record = encodeSession(session);
    const refused = (id: string, bytes: Uint8Array): void => {
      expect(() => decodeSession(id, bytes)).toThrow('cannot be read');
    };
    refused(session.accessKeyId, Buffer.concat([record, Buffer.alloc(1)]));
    refused(sampleSession().accessKeyId, record);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        refused(session.accessKeyId, bytes);
      }),
    );
  });

  it.each([
    ['a token hash of another length', { tokenHash: new Uint8Array(31) }, RangeError],
    ['a time that is no whole number', { expiresAtMs: 1.5 }, RangeError],
    ['a time before 1970', { issuedAtMs: -1 }, RangeError],
    ['a time that is not a number', { signInExpiresAtMs: NaN }, RangeError],
  ])('does not write %s', (_name, given, error) => {
    expect(() => encodeSession(sampleSession(given))).toThrow(error);
  });

  it('has the dictionary that version 1 records were written with', () => {
    expect(hash('sha256', CLAIMS_DICTIONARY)).toBe(
      '1ded262e5b1c4fab520e81a0fcc080a0fa8680241b7532d182ec7acb8ffe781a',
    );
  });
});
