import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { SamlProvider, SamlSignatureAlgorithm } from '../../../../src/domain/identity/saml-provider.ts';
import {
  verifySamlResponse,
  type VerifySamlResponseDeps,
} from '../../../../src/protocols/saml/verify-response.ts';
import {
  ACS,
  at,
  attribute,
  audience,
  AUDIENCE,
  createTestIdp,
  ENTITY_ID,
  GOOD_CONTENT,
  makeResponse,
  makeSamlProvider,
  metadataOf,
  NOW_MS,
  PERSISTENT,
  REQUEST_ID,
  type ResponseContent,
  type ResponseOptions,
  toBase64,
} from '../../../support/saml/identity-provider.ts';

const idp = createTestIdp();
const sp = generateKeyPairSync('rsa', { modulusLength: 2048 });

const SIGNATURE = 'Response signature invalid';
const AUDIENCE_TEXT = 'Response does not contain the required audience';
const ISSUER = 'Issuer not present in specified provider';
const INVALID = 'Response is not a valid SAML response';
const EXPIRED = 'Token must be redeemed within 5 minutes of issuance';

type Settings = Partial<VerifySamlResponseDeps> & {
  readonly settings?: Partial<SamlProvider>;
  readonly options?: Partial<ResponseOptions>;
};

const expected = {
  recipients: [ACS],
  audiences: [AUDIENCE],
  inResponseTo: { kind: 'request', id: REQUEST_ID },
} as const;

function verifyBase64(samlResponse: string, { settings = {}, ...deps }: Settings = {}) {
  return verifySamlResponse(samlResponse, {
    provider: makeSamlProvider(settings),
    metadata: idp.metadata,
    expected,
    decryptionKeys: [sp.privateKey],
    nowMs: NOW_MS,
    ...deps,
  });
}

const verify = (content: Partial<ResponseContent>, settings: Settings = {}) =>
  verifyBase64(toBase64(makeResponse(content, { idp, ...settings.options })), settings);

async function refusalOf(running: Promise<unknown>): Promise<FederationError> {
  const outcome = await running.then(
    () => new Error('it was accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof FederationError) return outcome;
  throw outcome;
}

async function expectRefused(running: Promise<unknown>, reason: string, text: string) {
  const { code, message, params } = await refusalOf(running);
  expect(message).toContain(reason);
  expect(params).toEqual({ text });
  expect(code).toBe(text === EXPIRED ? 'expired-identity-token' : 'invalid-identity-token');
}

/** A wrong value in a message that its identity provider signed: no signature helps against these. */
type Row = readonly [what: string, content: Partial<ResponseContent>, reason: string, text: string];

describe('verifySamlResponse', () => {
  it('makes an identity of a good response', async () => {
    const samlResponse = toBase64(makeResponse({}, { idp }));
    expect(await verifyBase64(samlResponse)).toEqual({
      kind: 'saml',
      providerArn: 'arn:aws:iam::111122223333:saml-provider/corp',
      issuer: ENTITY_ID,
      subject: 'user-1',
      audience: ACS,
      conditionKeys: new Map([
        ['saml:aud', ACS],
        ['saml:iss', ENTITY_ID],
        ['saml:sub', 'user-1'],
        ['saml:sub_type', 'persistent'],
        ['saml:namequalifier', hash('sha1', `${ENTITY_ID}111122223333/corp`, 'base64')],
        ['saml:doc', '111122223333/corp'],
        ['saml:mail', 'user-1@example.com'],
      ]),
      tags: {},
      transitiveTagKeys: [],
      proofHash: hash('sha256', samlResponse),
      proofId: '_assertion-1',
      expiresAtMs: NOW_MS + 360_000,
      saml: {
        assertionId: '_assertion-1',
        inResponseTo: REQUEST_ID,
        recipient: ACS,
        subjectType: 'persistent',
        nameQualifier: hash('sha1', `${ENTITY_ID}111122223333/corp`, 'base64'),
        nameId: { value: 'user-1', format: PERSISTENT },
        sessionIndex: '_session-1',
        sessionNotOnOrAfterMs: NOW_MS + 3_600_000,
        issueInstantMs: NOW_MS - 5000,
        authnInstantMs: NOW_MS - 20_000,
        authnContextClassRef: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
        attributes: new Map([['mail', ['user-1@example.com']]]),
      },
    });
  });

  it('has the name qualifier of wire-spec 4', async () => {
    const entityId = 'https://corp.example.com/idp';
    const corp = createTestIdp(entityId);
    const identity = await verify(
      { issuer: entityId, responseIssuer: entityId },
      { options: { idp: corp }, metadata: corp.metadata },
    );
    expect(identity.saml.nameQualifier).toBe('uOI3elWFntnY8tuw0sYi2ads4/s=');
  });

  describe('form', () => {
    it.each([
      ['letters outside base64', '{}'],
      ['base64url', '-_-_'],
      ['no padding', toBase64('<a/>').replace(/=+$/, '') || 'YQ'],
      ['stray bits', 'YR=='],
      ['padding and more', 'YQ==YQ=='],
    ])('refuses %s', (_, samlResponse) =>
      expectRefused(verifyBase64(samlResponse), 'not base64', 'Invalid base64 SAMLResponse'),
    );

    it('takes base64 that is wrapped in lines', async () => {
      const wrapped = toBase64(makeResponse({}, { idp })).replaceAll(/.{76}/g, '$&\r\n');
      expect((await verifyBase64(wrapped)).subject).toBe('user-1');
    });

    it('refuses more than 100,000 characters before decoding them', () =>
      expectRefused(verifyBase64('A'.repeat(100_001)), 'longer than 100000', INVALID));

    it('refuses what is not UTF-8', () =>
      expectRefused(verifyBase64(Buffer.from([0x3c, 0xff]).toString('base64')), 'not UTF-8', INVALID));

    it('refuses any text without an accident', () =>
      fc.assert(
        fc.asyncProperty(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), async (text) => {
          expect((await refusalOf(verifyBase64(toBase64(text)))).code).toBe('invalid-identity-token');
        }),
      ));

    it('never takes a message of which one character was changed, except for what nothing covers', () => {
      const xml = makeResponse({}, { idp, signing: 'message' });
      const uncovered = /<ds:KeyInfo>.*<\/ds:KeyInfo>/.exec(xml);
      const start = uncovered?.index ?? 0;
      const end = start + (uncovered?.[0].length ?? 0);
      return fc.assert(
        fc.asyncProperty(
          fc.nat({ max: xml.length - 1 }).filter((index) => index < start || index >= end),
          fc.constantFrom('a', '"', '<', '&', ' ', '\u00e9', ''),
          async (index, letter) => {
            const edited = xml.slice(0, index) + letter + xml.slice(index + 1);
            const outcome = await verifyBase64(toBase64(edited)).then(
              (identity) => ({ ...identity, proofHash: '' }),
              () => undefined,
            );
            // A blank more in a tag says nothing else than before.
            const original = { ...(await verifyBase64(toBase64(xml))), proofHash: '' };
            expect(outcome ?? original).toEqual(original);
          },
        ),
        { numRuns: 300 },
      );
    });
  });

  describe('algorithms and keys', () => {
    const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
    const p256 = ec('P-256');
    const keys: readonly [SamlSignatureAlgorithm, KeyObject][] = [
      ['rsa-sha256', idp.key],
      ['rsa-sha384', idp.key],
      ['rsa-sha512', idp.key],
      ['ecdsa-sha256', p256],
      ['ecdsa-sha384', ec('P-384')],
      ['ecdsa-sha512', ec('P-521')],
    ];

    it.each(keys)('accepts %s', async (algorithm, key) => {
      const settings = { options: { algorithm, key }, metadata: metadataOf([key]) };
      expect((await verify({}, settings)).subject).toBe('user-1');
    });

    it.each(keys)('refuses %s where settings do not name it', (algorithm, key) => {
      const signatureAlgorithms = keys.map(([other]) => other).filter((other) => other !== algorithm);
      const settings = {
        options: { algorithm, key },
        metadata: metadataOf([key]),
        settings: { signatureAlgorithms },
      };
      return expectRefused(verify({}, settings), 'SignatureMethod', SIGNATURE);
    });

    it.each([
      ['rsa-sha256', p256],
      ['ecdsa-sha256', idp.key],
    ] as const)('refuses a signature that says %s and was made by a key of another type', (algorithm, key) =>
      expectRefused(
        verify({}, { options: { algorithm, key }, metadata: metadataOf([key]) }),
        'that no key',
        SIGNATURE,
      ),
    );

    it('takes SHA-1 only where settings name it', async () => {
      const options = { algorithm: 'rsa-sha1' } as const;
      await expectRefused(verify({}, { options }), 'SignatureMethod', SIGNATURE);
      const settings = { signatureAlgorithms: ['rsa-sha1'] } as const;
      expect((await verify({}, { options, settings })).subject).toBe('user-1');
    });

    it('refuses a digest that no allowed algorithm uses', () =>
      expectRefused(
        verify(
          {},
          { options: { algorithm: 'rsa-sha256' }, settings: { signatureAlgorithms: ['rsa-sha512'] } },
        ),
        'SignatureMethod',
        SIGNATURE,
      ));

    it('takes any of several keys, whatever their order (rollover)', async () => {
      const old = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      for (const list of [
        [old, p256, idp.key],
        [idp.key, old],
      ])
        expect((await verify({}, { metadata: metadataOf(list) })).subject).toBe('user-1');
    });

    it('refuses where none of several keys signed', () => {
      const old = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      return expectRefused(verify({}, { metadata: metadataOf([old, p256]) }), 'that no key', SIGNATURE);
    });

    it('takes only the keys of the entity that is named', () => {
      const other = createTestIdp('https://other.example.com');
      const metadata = { entities: [other.entity, idp.entity] };
      return expectRefused(verify({}, { metadata, options: { key: other.key } }), 'that no key', SIGNATURE);
    });
  });

  describe('issuer (SAML Core 2.2.5, Profiles 4.1.4.2)', () => {
    const other = createTestIdp('https://other.example.com');
    const both = { entities: [idp.entity, other.entity] };

    it.each<Row>([
      [
        'an assertion of another entity, signed by this one',
        { issuer: other.entityId },
        'Issuer is not',
        ISSUER,
      ],
      ['a Response of another entity', { responseIssuer: other.entityId }, 'that no key', SIGNATURE],
      ['an unknown entity', { issuer: 'https://x', responseIssuer: 'https://x' }, 'no entity', ISSUER],
      ['an entity that differs by a blank', { issuer: `${ENTITY_ID} ` }, 'Issuer is not', ISSUER],
      ['no Issuer in the assertion', { issuer: null }, 'no Issuer', INVALID],
      ['no Issuer at all', { issuer: null, responseIssuer: null }, 'no Issuer', SIGNATURE],
    ])('refuses %s', (_, content, reason, text) =>
      expectRefused(verify(content, { metadata: both }), reason, text),
    );

    it('refuses an Issuer of another format than entity', () =>
      expectRefused(
        verifyBase64(
          toBase64(
            makeResponse({ issuer: ENTITY_ID }, { idp, signing: 'assertion' }).replace(
              '<saml:Issuer>',
              `<saml:Issuer Format="${PERSISTENT}">`,
            ),
          ),
        ),
        'Issuer is not',
        ISSUER,
      ));

    it('takes a Response without Issuer whose assertion is not encrypted', async () => {
      expect((await verify({ responseIssuer: null })).issuer).toBe(ENTITY_ID);
    });

    it('takes the second of several entities', async () => {
      const content = { issuer: other.entityId, responseIssuer: other.entityId };
      expect((await verify(content, { metadata: both, options: { idp: other } })).issuer).toBe(
        other.entityId,
      );
    });

    it('refuses everything once the metadata is past its validUntil (SAML Metadata 2.3.1)', async () => {
      const metadata = { ...idp.metadata, validUntilMs: NOW_MS };
      await expectRefused(verify({}, { metadata }), 'validUntil', ISSUER);
      const still = { ...idp.metadata, validUntilMs: NOW_MS + 1 };
      expect((await verify({}, { metadata: still })).subject).toBe('user-1');
    });
  });

  describe('message', () => {
    it.each<Row>([
      ['another Version', { version: '1.1' }, 'Version of Response', INVALID],
      ['another Version of the assertion', { assertionVersion: '2.1' }, 'Version of Assertion', INVALID],
      [
        'another Status',
        { status: '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>' },
        'Status is not Success',
        INVALID,
      ],
      ['no StatusCode', { status: '' }, 'no StatusCode', INVALID],
      ['two StatusCode', { status: GOOD_CONTENT.status.repeat(2) }, 'several StatusCode', INVALID],
      ['another Destination', { destination: `${ACS}/x` }, 'Destination', INVALID],
      ['an empty Destination', { destination: '' }, 'Destination', INVALID],
      ['no Destination, though the message is signed', { destination: null }, 'Destination', INVALID],
      ['another InResponseTo', { inResponseTo: '_request-2' }, 'InResponseTo of Response', INVALID],
      ['no InResponseTo', { inResponseTo: null }, 'InResponseTo of Response', INVALID],
      [
        'another InResponseTo of the confirmation',
        { confirmedInResponseTo: '_request-2' },
        'InResponseTo of SubjectConfirmationData',
        INVALID,
      ],
      [
        'no InResponseTo of the confirmation',
        { confirmedInResponseTo: null },
        'InResponseTo of SubjectConfirmationData',
        INVALID,
      ],
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it('takes a message without Destination that is not signed', async () => {
      const settings = { options: { signing: 'assertion' } } as const;
      expect((await verify({ destination: null }, settings)).subject).toBe('user-1');
    });

    it('refuses another Destination of a message that is not signed', () =>
      expectRefused(
        verify({ destination: `${ACS}/x` }, { options: { signing: 'assertion' } }),
        'Destination',
        INVALID,
      ));

    describe('unsolicited (SAML Profiles 4.1.5)', () => {
      const unsolicited = { expected: { ...expected, inResponseTo: { kind: 'unsolicited' } } } as const;
      const none = { inResponseTo: null, confirmedInResponseTo: null };

      it('takes a response to no request', async () => {
        expect((await verify(none, unsolicited)).saml.inResponseTo).toBeUndefined();
      });

      it.each<Row>([
        ['the answer to a request', {}, 'InResponseTo of Response', INVALID],
        ['a confirmation of a request', { inResponseTo: null }, 'InResponseTo of Subject', INVALID],
        ['an empty InResponseTo', { ...none, inResponseTo: '' }, 'InResponseTo of Response', INVALID],
      ])('refuses %s', (_, content, reason, text) =>
        expectRefused(verify(content, unsolicited), reason, text),
      );

      it('refuses a response to no request where one was sent', () =>
        expectRefused(verify(none), 'InResponseTo of Response', INVALID));
    });

    it('tells whose request it was where requests are not ours to know', async () => {
      const anything = { expected: { ...expected, inResponseTo: { kind: 'anything' } } } as const;
      expect((await verify({}, anything)).saml.inResponseTo).toBe(REQUEST_ID);
      const none = { inResponseTo: null, confirmedInResponseTo: null };
      expect((await verify(none, anything)).saml.inResponseTo).toBeUndefined();
    });
  });

  describe('confirmation (SAML Profiles 4.1.4.2)', () => {
    const data = (attributes: string) =>
      `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData ${attributes}/></saml:SubjectConfirmation>`;

    it.each<Row>([
      ['another method', { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }, 'bearer', INVALID],
      ['another Recipient', { recipient: `${ACS}/x` }, 'Recipient', AUDIENCE_TEXT],
      ['a Recipient of another case', { recipient: ACS.toUpperCase() }, 'Recipient', AUDIENCE_TEXT],
      ['no Recipient', { recipient: null }, 'no Recipient', INVALID],
      ['no NotOnOrAfter', { confirmedUntil: null }, 'no NotOnOrAfter', INVALID],
      [
        'a NotOnOrAfter in the past',
        { confirmedUntil: -60 },
        'NotOnOrAfter of SubjectConfirmationData',
        EXPIRED,
      ],
      [
        'a second bearer confirmation',
        { extraInSubject: data(`Recipient="${ACS}" NotOnOrAfter="${at(300)}"`) },
        'exactly one bearer',
        INVALID,
      ],
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it('passes over confirmations by other methods', async () => {
      const sender = '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>';
      expect((await verify({ extraInSubject: sender })).subject).toBe('user-1');
    });

    it('refuses a confirmation that is not valid yet', () =>
      expectRefused(
        verify({
          method: 'x',
          extraInSubject: data(
            `Recipient="${ACS}" InResponseTo="${REQUEST_ID}" NotBefore="${at(61)}" NotOnOrAfter="${at(300)}"`,
          ),
        }),
        'NotBefore of SubjectConfirmationData',
        INVALID,
      ));
  });

  describe('conditions (SAML Core 2.5)', () => {
    const ours = audience(AUDIENCE);

    it.each<Row>([
      ['another audience', { conditions: audience('urn:other') }, 'AudienceRestriction', AUDIENCE_TEXT],
      ['no audience', { conditions: '' }, 'AudienceRestriction', AUDIENCE_TEXT],
      ['an empty restriction', { conditions: audience() }, 'AudienceRestriction', AUDIENCE_TEXT],
      [
        'a second restriction to others',
        { conditions: ours + audience('urn:other') },
        'AudienceRestriction',
        AUDIENCE_TEXT,
      ],
      [
        'an audience with a blank',
        { conditions: audience(` ${AUDIENCE}`) },
        'AudienceRestriction',
        AUDIENCE_TEXT,
      ],
      [
        'an unknown condition',
        {
          conditions: `${ours}<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>`,
        },
        'a condition is not understood',
        INVALID,
      ],
      [
        'a condition of another namespace',
        { conditions: `${ours}<OneTimeUse xmlns="urn:x"/>` },
        'a condition is not',
        INVALID,
      ],
      ['a NotBefore in the future', { notBefore: 61 }, 'NotBefore of Conditions', INVALID],
      ['a NotOnOrAfter in the past', { notOnOrAfter: -60 }, 'NotOnOrAfter of Conditions', EXPIRED],
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it.each([
      ['one of several audiences', audience('urn:other', AUDIENCE)],
      ['two restrictions that both name us', ours + audience('urn:other', AUDIENCE)],
      ['OneTimeUse and ProxyRestriction', `${ours}<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>`],
    ])('takes %s', async (_, conditions) => {
      expect((await verify({ conditions })).subject).toBe('user-1');
    });
  });

  describe('times', () => {
    const authn = (attributes: string) =>
      `<saml:AuthnStatement ${attributes}><saml:AuthnContext/></saml:AuthnStatement>`;

    it.each<Row>([
      ['an IssueInstant in the future', { issuedAt: 61 }, 'IssueInstant is in the future', INVALID],
      [
        'an AuthnInstant in the future',
        { authnStatement: authn(`AuthnInstant="${at(61)}"`) },
        'AuthnInstant is in the future',
        INVALID,
      ],
      [
        'a SessionNotOnOrAfter in the past',
        { authnStatement: authn(`AuthnInstant="${at(-99)}" SessionNotOnOrAfter="${at(-60)}"`) },
        'SessionNotOnOrAfter has passed',
        EXPIRED,
      ],
      ['no AuthnStatement (SAML Profiles 4.1.4.2)', { authnStatement: '' }, 'no AuthnStatement', INVALID],
      [
        'two AuthnStatement',
        { authnStatement: GOOD_CONTENT.authnStatement.repeat(2) },
        'several Authn',
        INVALID,
      ],
      ['no AuthnInstant', { authnStatement: authn('') }, 'no AuthnInstant', INVALID],
      [
        'no AuthnContext',
        { authnStatement: `<saml:AuthnStatement AuthnInstant="${at(0)}"/>` },
        'no AuthnContext',
        INVALID,
      ],
      ...[
        '2027-01-15T08:00:00',
        '2027-01-15T09:00:00+01:00',
        '2027-01-15 08:00:00Z',
        '2027-02-30T08:00:00Z',
        '2027-01-15T24:00:00Z',
        '1800000000',
        '',
      ].map((text): Row => [
        `the time "${text}" (SAML Core 1.3.3)`,
        { authnStatement: authn(`AuthnInstant="${text}"`) },
        text === '' ? 'no AuthnInstant' : 'no UTC time',
        INVALID,
      ]),
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it('takes every time up to the clock skew, and none beyond', async () => {
      const edges = {
        issuedAt: 60,
        notBefore: 60,
        notOnOrAfter: -59,
        confirmedUntil: -59,
        authnStatement: authn(`AuthnInstant="${at(60)}" SessionNotOnOrAfter="${at(-59)}"`),
      };
      expect((await verify(edges)).subject).toBe('user-1');
      await expectRefused(verify(edges, { settings: { clockSkewSeconds: 59 } }), '', INVALID);
      await expectRefused(verify(edges, { nowMs: NOW_MS + 1000 }), '', EXPIRED);
    });

    it('is over five minutes after issuance for AssumeRoleWithSAML (wire-spec 4)', async () => {
      const sts = (nowMs: number) => ({ nowMs, expected: { ...expected, maxAgeSeconds: 300 } });
      const content = { issuedAt: 0, confirmedUntil: 3600, notOnOrAfter: 3600 };
      expect((await verify(content, sts(NOW_MS + 359_999))).subject).toBe('user-1');
      await expectRefused(verify(content, sts(NOW_MS + 360_000)), 'more than 300 seconds ago', EXPIRED);
    });

    it('is taken until the earlier end, plus the clock skew', async () => {
      const end = async (content: Partial<ResponseContent>) => (await verify(content)).expiresAtMs;
      expect(await end({ confirmedUntil: 100, notOnOrAfter: 200 })).toBe(NOW_MS + 160_000);
      expect(await end({ confirmedUntil: 200, notOnOrAfter: 100 })).toBe(NOW_MS + 160_000);
      expect(await end({ confirmedUntil: 200, notOnOrAfter: null })).toBe(NOW_MS + 260_000);
    });

    it('is refused by every verifier from expiresAtMs on', async () => {
      const { expiresAtMs } = await verify({});
      expect((await verify({}, { nowMs: expiresAtMs - 1 })).subject).toBe('user-1');
      await expectRefused(verify({}, { nowMs: expiresAtMs }), 'NotOnOrAfter', EXPIRED);
    });
  });

  describe('subject (SAML Core 2.2.2)', () => {
    const named = (text: string) => ({ nameId: `<saml:NameID>${text}</saml:NameID>` });

    it.each<Row>([
      ['no NameID', { nameId: '' }, 'no NameID', INVALID],
      ['two NameID', { nameId: GOOD_CONTENT.nameId.repeat(2) }, 'several NameID', INVALID],
      ['an EncryptedID', { nameId: '<saml:EncryptedID/>' }, 'no NameID', INVALID],
      [
        'a NameID of another namespace',
        { nameId: '<NameID xmlns="urn:x">user-1</NameID>' },
        'no NameID',
        INVALID,
      ],
      ['an empty NameID', named(''), 'NameID is empty', INVALID],
      ['a blank NameID', named('  '), 'NameID is empty', INVALID],
      ['a blank before it', named(' user-1'), 'NameID is empty', INVALID],
      ['a line feed after it', named('user-1&#10;'), 'NameID is empty', INVALID],
      ['a no-break space after it', named('user-1\u00a0'), 'NameID is empty', INVALID],
      ['a control character', named('user&#9;1'), 'control characters', INVALID],
      ['1,025 characters', named('a'.repeat(1025)), 'too long', INVALID],
      ['an element in it', named('user-1<x xmlns=""/>'), 'something else than text', INVALID],
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it('keeps the NameID as it is written, for logout', async () => {
      const nameId = `<saml:NameID NameQualifier="a" SPNameQualifier="b">&lt;user&gt; &amp; é</saml:NameID>`;
      const { saml, subject } = await verify({ nameId });
      expect(subject).toBe('<user> & é');
      expect(saml.nameId).toEqual({ value: '<user> & é', nameQualifier: 'a', spNameQualifier: 'b' });
    });

    it.each([
      ['urn:oasis:names:tc:SAML:2.0:nameid-format:transient', 'transient'],
      [
        'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      ],
    ])('shows the format %s as %s (wire-spec 4)', async (format, subjectType) => {
      const { saml } = await verify({ nameId: `<saml:NameID Format="${format}">u</saml:NameID>` });
      expect(saml.subjectType).toBe(subjectType);
    });

    it('shows no format as unspecified', async () => {
      const { saml } = await verify(named('u'));
      expect(saml.subjectType).toBe('urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified');
    });

    it('requires the format that the provider’s settings ask for', async () => {
      const settings = { subjectFormat: PERSISTENT };
      expect((await verify({}, { settings })).subject).toBe('user-1');
      await expectRefused(verify(named('u'), { settings }), 'subjectFormat', INVALID);
    });
  });

  describe('attributes (SAML Core 2.7.3)', () => {
    const valuesOf = async (attributes: string) => (await verify({ attributes })).saml.attributes;

    it('gathers the values of one Name, however they are sent', async () => {
      const attributes = attribute('Role', 'a', 'b') + attribute('mail', 'm') + attribute('Role', 'c');
      expect(await valuesOf(attributes)).toEqual(
        new Map([
          ['Role', ['a', 'b', 'c']],
          ['mail', ['m']],
        ]),
      );
    });

    it('keeps values as they come, and no value of what is no text', async () => {
      const attributes =
        attribute('a', ' x ', '', '&#65;') + attribute('b') + attribute('id', '<saml:NameID>u</saml:NameID>');
      expect(await valuesOf(attributes)).toEqual(
        new Map([
          ['a', [' x ', '', 'A']],
          ['b', []],
          ['id', []],
        ]),
      );
    });

    it.each<Row>([
      ['an encrypted attribute', { attributes: '<saml:EncryptedAttribute/>' }, 'EncryptedAttribute', INVALID],
      ['an attribute without Name', { attributes: '<saml:Attribute FriendlyName="a"/>' }, 'no Name', INVALID],
      [
        'attributes that differ by case',
        { attributes: attribute('Mail', 'a') + attribute('mail', 'b') },
        'different values',
        INVALID,
      ],
      [
        'a tag with two values',
        { attributes: attribute('https://aws.amazon.com/SAML/Attributes/PrincipalTag:a', 'x', 'y') },
        'session tags',
        INVALID,
      ],
    ])('refuses %s', (_, content, reason, text) => expectRefused(verify(content), reason, text));

    it('reads a thousand groups, though each repeats a namespace in the canonical form', async () => {
      const group = '<saml:AttributeValue xsi:type="string">g</saml:AttributeValue>';
      const list = `<saml:Attribute xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" Name="groups">${group.repeat(1000)}</saml:Attribute>`;
      expect((await valuesOf(list)).get('groups')).toHaveLength(1000);
    });

    it('passes over attributes of another namespace', async () => {
      const attributes =
        '<Attribute xmlns="urn:x" Name="admin"><AttributeValue>yes</AttributeValue></Attribute>';
      expect(await valuesOf(attributes)).toEqual(new Map());
    });
  });

  describe('encryption', () => {
    const encrypted = (more: object) => ({ options: { encryption: { key: sp.publicKey, ...more } } });
    const named = {
      settings: { encryptionAlgorithms: ['aes128-cbc', 'aes256-cbc', 'aes128-gcm', 'rsa-oaep-mgf1p'] },
    } as const;

    it.each(['aes128-gcm', 'aes256-gcm'])('takes %s with OAEP and SHA-256', async (data) => {
      expect((await verify({}, encrypted({ data }))).subject).toBe('user-1');
    });

    it.each([
      ['aes128-cbc', 'rsa-oaep-mgf1p'],
      ['aes256-cbc', 'rsa-oaep-mgf1p'],
      ['aes128-gcm', 'rsa-oaep-sha1'],
    ])('takes %s with %s where settings name them', async (data, transport) => {
      expect((await verify({}, { ...encrypted({ data, transport }), ...named })).subject).toBe('user-1');
    });

    it('refuses a padding longer than a block, though what it leaves would be good', () => {
      const pad = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(48 - (bytes.length % 16), ' ')]);
      const settings = { ...encrypted({ data: 'aes128-cbc', transport: 'rsa-oaep-mgf1p', pad }), ...named };
      return expectRefused(verify({}, settings), 'does not decrypt to plain XML', SIGNATURE);
    });

    it('takes an EncryptedKey beside the data', async () => {
      expect((await verify({}, encrypted({ place: 'beside' }))).subject).toBe('user-1');
    });

    it('tries all decryption keys (rotation)', async () => {
      const next = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
      const settings = { ...encrypted({}), decryptionKeys: [next, sp.privateKey] };
      expect((await verify({}, settings)).subject).toBe('user-1');
    });

    it('refuses where there is no decryption key', () =>
      expectRefused(verify({}, { ...encrypted({}), decryptionKeys: [] }), 'none of our keys', SIGNATURE));

    it('does not decrypt what a false signature of the message covers', () =>
      expectRefused(
        verify({}, { options: { ...encrypted({}).options, key: createTestIdp().key }, decryptionKeys: [] }),
        'that no key of the provider',
        SIGNATURE,
      ));

    it('answers alike whatever fails within a ciphertext, so that it is no padding oracle', async () => {
      const answers = new Set<string>();
      for (const index of [16, 40, -1, -17]) {
        const tamper = (bytes: Buffer) => {
          const copy = Buffer.from(bytes);
          const offset = index < 0 ? copy.length + index : index;
          copy[offset] = (copy[offset] ?? 0) ^ 0x55;
          return copy;
        };
        const settings = {
          ...encrypted({ data: 'aes128-cbc', transport: 'rsa-oaep-mgf1p', tamper }),
          ...named,
        };
        const { code, params } = await refusalOf(
          verify({}, { ...settings, options: { ...settings.options, signing: 'assertion' } }),
        );
        answers.add(JSON.stringify([code, params]));
      }
      expect([...answers]).toEqual([JSON.stringify(['invalid-identity-token', { text: SIGNATURE }])]);
    });
  });
});
