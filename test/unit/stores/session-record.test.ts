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
    signInId: text,
    claims: fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 3 })), { maxKeys: 8 }),
  },
  { noNullPrototype: true, requiredKeys: [...REQUIRED] },
);

function plain(session: Session): unknown {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { ...session, tokenHash: hex(session.tokenHash), sealedSecret: hex(session.sealedSecret) };
}

/** Bytes that the first release wrote for {@link WRITTEN}. */
const VERSION_1 = Buffer.from(
  [
    '0156fc01be0707070707070707070707070707070707070707070707070707070707070707043b890100ff800a0080bcd9f2',
    '9e348099b5f49e340280c380819f34c1b79cf29e34010d2a38051a0b2e050c00040711000100050200040007010004010100',
    '100100193132333435363738393031323a6f6964632d70726f76696465722f6964702e6578616d706c652e636f6d616c6963',
    '65726f6c652f6465706c6f79616c6963654558414d504c45616c6963655465616dd0bad0bbd18ed18720f09f94915465616d',
    '7b2253746174656d656e74223a5b5d7d61726e3a6177733a69616d3a3a6177733a706f6c6963792f588b866524b0594a280d',
    '2250682529c5c60200',
  ].join(''),
  'hex',
);

const WRITTEN: Session = {
  accessKeyId: 'ASIAV2V2V2V2V2V2V2V2',
  tokenHash: new Uint8Array(32).fill(7),
  sealedSecret: new Uint8Array([0, 255, 128, 10]),
  kind: 'assumed-role',
  account: '123456789012',
  principalArn: 'arn:aws:sts::123456789012:assumed-role/deploy/alice',
  userId: 'AROAEXAMPLE:alice',
  issuerArn: 'arn:aws:iam::123456789012:role/deploy',
  issuerId: 'AROAEXAMPLE',
  issuedAtMs: 1_795_000_000_000,
  expiresAtMs: 1_795_003_600_000,
  signInExpiresAtMs: 1_795_030_000_000,
  person: 'arn:aws:iam::123456789012:oidc-provider/idp.example.com alice',
  providerArn: 'arn:aws:iam::123456789012:oidc-provider/idp.example.com',
  tags: { Team: 'ключ 🔑' },
  transitiveTagKeys: ['Team'],
  sourceIdentity: 'alice',
  sessionPolicies: [{ inline: '{"Statement":[]}', managedArns: ['arn:aws:iam::aws:policy/X'] }],
  mfaAuthenticatedAtMs: 1_794_999_000_000,
  claims: { 'idp.example.com:sub': 'alice', 'idp.example.com:groups': ['a', 'b'] },
};

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

  it('reads what the first release wrote', () => {
    expect(plain(decodeSession(WRITTEN.accessKeyId, VERSION_1))).toEqual(plain(WRITTEN));
  });

  it('stays version 1, not a byte longer, without a browser sign-in: nodes of the first release can read it', () => {
    const record = encodeSession(WRITTEN);
    expect([record[0], record.length]).toEqual([1, VERSION_1.length]);
  });

  it('names a browser sign-in in version 2, in at most 20 bytes', () => {
    const record = encodeSession({ ...WRITTEN, signInId: 'AbCdEfGhIjKlMnO_' });
    expect(record[0]).toBe(2);
    expect(record.length - VERSION_1.length).toBeLessThanOrEqual(20);
    expect(decodeSession(WRITTEN.accessKeyId, record).signInId).toBe('AbCdEfGhIjKlMnO_');
  });

  it.each([
    ['1 as 2', WRITTEN, 2],
    ['2 as 1', { ...WRITTEN, signInId: '' }, 1],
    ['1 as 0', WRITTEN, 0],
    ['2 as 3', { ...WRITTEN, signInId: 'AbCdEfGhIjKlMnO_' }, 3],
  ])('refuses to read a record of version %s', (_name, session, version) => {
    const record = encodeSession(session);
    record[0] = version;
    expect(() => decodeSession(session.accessKeyId, record)).toThrow('cannot be read');
  });

  it('has the dictionary that version 1 records were written with', () => {
    expect(hash('sha256', CLAIMS_DICTIONARY)).toBe(
      '1ded262e5b1c4fab520e81a0fcc080a0fa8680241b7532d182ec7acb8ffe781a',
    );
  });
});
