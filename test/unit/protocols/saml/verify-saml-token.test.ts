import { generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { SamlMetadata } from '../../../../src/domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../../../../src/domain/identity/saml-provider.ts';
import { signXml } from '../../../../src/protocols/saml/sign-xml.ts';
import {
  verifySamlToken,
  type VerifySamlTokenDeps,
} from '../../../../src/protocols/saml/verify-saml-token.ts';
import { editSignature } from '../../../support/saml/attacks.ts';
import { encryptAssertion } from '../../../support/saml/encrypt-assertion.ts';
import {
  assertionXml,
  createTestIdp,
  ENTITY_ID,
  GOOD_CONTENT,
  makeResponse,
  makeSamlProvider,
  NOW_MS,
  type ResponseContent,
  type TestIdp,
  toBase64,
} from '../../../support/saml/identity-provider.ts';

const idp = createTestIdp();
const sp = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signer = ({ key, certificate }: TestIdp) => ({ key, certificate, algorithm: 'rsa-sha256' as const });
const toBase64Url = (xml: string) => Buffer.from(xml).toString('base64url');

const UNASKED = { confirmedInResponseTo: null, inResponseTo: null };
const plain = (content: Partial<ResponseContent> = {}) =>
  assertionXml({ ...GOOD_CONTENT, ...UNASKED, ...content });
const signed = (content: Partial<ResponseContent> = {}, by = idp) => signXml(plain(content), signer(by));

type Settings = {
  readonly settings?: Partial<SamlProvider>;
  readonly providers?: readonly SamlProvider[];
  readonly metadataOf?: (provider: SamlProvider) => Promise<SamlMetadata>;
};
function verify(token: string, { settings = {}, providers, metadataOf }: Settings = {}) {
  const known = providers ?? [makeSamlProvider(settings)];
  const deps: VerifySamlTokenDeps = {
    providers: known,
    metadataOf: (wanted) => {
      const provider = known.find(({ metadata }) => metadata === wanted.metadata);
      if (provider === undefined || metadataOf === undefined) return Promise.resolve(idp.metadata);
      return metadataOf(provider);
    },
    decryptionKeys: () => Promise.resolve([sp.privateKey]),
    publicUrl: 'https://bridge.example.com',
    nowMs: NOW_MS,
  };
  return verifySamlToken(token, deps);
}

async function refusalOf(running: Promise<unknown>): Promise<FederationError> {
  const outcome = await running.then(
    () => new Error('it was accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof FederationError) return outcome;
  throw outcome;
}

async function expectRefused(xml: string, reason: string, settings?: Settings) {
  const { code, message } = await refusalOf(verify(toBase64Url(xml), settings));
  expect(message).toContain(reason);
  expect(code).toBe('invalid-identity-token');
}

describe('what is taken', () => {
  it('takes a bare assertion in base64url (RFC 8693 3)', async () => {
    const token = toBase64Url(signed());
    const identity = await verify(token);
    expect(identity).toMatchObject({
      kind: 'saml',
      issuer: ENTITY_ID,
      subject: 'user-1',
      proofId: '_assertion-1',
      proofHash: hash('sha256', token),
      expiresAtMs: NOW_MS + 360_000,
    });
  });

  it('takes a bare assertion in base64, too, as one and the same proof', async () => {
    const xml = signed();
    const [one, other] = await Promise.all([verify(toBase64Url(xml)), verify(toBase64(xml))]);
    expect([one.proofId, one.saml]).toEqual([other.proofId, other.saml]);
  });

  it.each(['assertion', 'message', 'both'] as const)('takes a response with %s signed', async (signing) => {
    const xml = makeResponse(UNASKED, { idp, signing });
    expect((await verify(toBase64(xml))).subject).toBe('user-1');
    expect((await verify(toBase64Url(xml))).subject).toBe('user-1');
  });

  it('takes an encrypted assertion within a response', async () => {
    const xml = makeResponse(UNASKED, { idp, signing: 'both', encryption: { key: sp.publicKey } });
    expect((await verify(toBase64(xml))).subject).toBe('user-1');
  });
});

describe('a bare assertion', () => {
  it.each(['message', 'both'] as const)('is refused where the provider has signed: %s', async (value) => {
    await expectRefused(signed(), 'is not signed as', { settings: { signed: value } });
  });

  it('is refused without a signature, whatever the setting (SAML Core 5)', async () => {
    await expectRefused(plain(), 'is not signed as');
    await expectRefused(plain(), 'is not signed as', { settings: { signed: 'assertion' } });
  });

  it('is refused where a key of somebody else signed it, whose certificate it brings', async () => {
    await expectRefused(signed({}, createTestIdp()), 'no key of the provider');
  });

  it('is refused where it is encrypted: it could not say whose it is', async () => {
    const xml = encryptAssertion(signed(), { key: sp.publicKey });
    await expectRefused(xml, 'is neither Response nor Assertion');
  });

  it('is refused where it was issued more than 300 seconds ago', async () => {
    const { code } = await refusalOf(verify(toBase64Url(signed({ issuedAt: -361 }))));
    expect(code).toBe('expired-identity-token');
  });

  const rows: readonly (readonly [string, Partial<ResponseContent>, string])[] = [
    ['for another recipient', { recipient: 'https://other.example.com/acs' }, 'Recipient'],
    ['for another audience', { conditions: '' }, 'AudienceRestriction'],
    ['that is no bearer’s', { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }, 'bearer'],
    ['that answers a sign-in in a browser', { confirmedInResponseTo: '_request-1' }, 'InResponseTo'],
    ['of another version', { assertionVersion: '1.1' }, 'Version'],
    ['of the future', { issuedAt: 120 }, 'IssueInstant'],
    ['with an Issuer that is none of the metadata', { issuer: 'https://other.example.com' }, 'Issuer'],
    ['without an Issuer', { issuer: null }, 'no Issuer'],
  ];
  it.each(rows)('is refused %s', async (_, content, reason) => {
    await expectRefused(signed(content), reason);
  });
});

// The places into which a whole assertion may be put, as XSW 1 to 8 put it into responses.
describe('signature wrapping of a bare assertion', () => {
  const good = signed();
  const start = good.indexOf('<ds:Signature');
  const signature = good.slice(start, good.lastIndexOf('</ds:Signature>') + '</ds:Signature>'.length);
  const bare = good.replace(signature, '');
  const evil = (id: string) => plain({ assertionId: id }).replace('>user-1<', '>admin<');
  const into = (xml: string, before: string, more: string) => xml.replace(before, more + before);
  const END = '</saml:Assertion>';
  const ISSUER = '<saml:Subject>';
  const inAdvice = (xml: string) => `<saml:Advice>${xml}</saml:Advice>`;

  const ONE = 'one Assertion with no other in it';
  const attacks: readonly (readonly [string, string, string])[] = [
    ['a forged root around the signed assertion', into(evil('_evil'), END, good), ONE],
    ['the signed assertion in Advice', into(evil('_evil'), END, inAdvice(good)), ONE],
    ['the signed assertion in an attribute', into(evil('_evil'), '</saml:AttributeStatement>', good), ONE],
    ['a forged assertion within the signed one', into(good, END, evil('_evil')), ONE],
    [
      'the signed assertion in an Object of a signature of the forged root',
      into(
        evil('_evil'),
        ISSUER,
        signature.replace('</ds:Signature>', `<ds:Object>${bare}</ds:Object></ds:Signature>`),
      ),
      ONE,
    ],
    ['the signature on a forged root of another ID', into(evil('_evil'), ISSUER, signature), 'Reference to'],
    ['the signature on a forged root of its own ID', into(evil('_assertion-1'), ISSUER, signature), 'no key'],
    ['a forged subject', good.replace('>user-1<', '>admin<'), 'no key'],
    ['two signatures', into(good, ISSUER, signature), 'several Signature'],
    ['the signature at the end', into(bare, END, signature), 'wrong place'],
    [
      'the signed assertion under another name',
      into(evil('_evil'), END, good.replaceAll('saml:Assertion', 'saml:Evidence')),
      'wrong place',
    ],
    ['a root of another namespace', `<x xmlns="urn:x">${good}</x>`, 'neither Response nor Assertion'],
    [
      'an assertion of another namespace',
      good.replace('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:1.0:assertion'),
      'neither Response nor Assertion',
    ],
    ['a comment in the subject', good.replace('>user-1<', '>user<!---->-1<'), 'comment'],
    ['a DOCTYPE', `<!DOCTYPE x>${good}`, 'DOCTYPE'],
    ['an ID twice', into(good, '</saml:AttributeStatement>', '<x ID="_assertion-1"/>'), 'an ID twice'],
    ['two roots', good + good, 'more than one root'],
  ];
  it.each(attacks)('refuses %s', async (_, xml, reason) => {
    await expectRefused(xml, reason);
  });

  // What is wrong with it is the message around it.
  const NO_CHILD = 'an assertion that is no child of the Response';
  const edited = editSignature(makeResponse(UNASKED, { idp, signing: 'assertion' })).map(
    ({ name, xml, reason }) => {
      const from = xml.indexOf('<saml:Assertion');
      return [name, xml.slice(from, xml.lastIndexOf(END) + END.length), reason] as const;
    },
  );
  it.each(edited.filter(([name]) => name !== NO_CHILD))('refuses %s', async (_, xml) => {
    const { code } = await refusalOf(verify(toBase64Url(xml)));
    expect(code).toBe('invalid-identity-token');
  });
});

describe('the provider', () => {
  const second = makeSamlProvider({
    name: 'second',
    metadata: { kind: 'url', url: 'https://second.example' },
  });
  const other = createTestIdp('https://second.example/metadata');

  it('is the one of the account whose metadata has the Issuer', async () => {
    const metadataOf = ({ name }: SamlProvider) =>
      Promise.resolve(name === 'second' ? other.metadata : idp.metadata);
    const providers = [second, makeSamlProvider()];
    const identity = await verify(toBase64Url(signed()), { providers, metadataOf });
    expect(identity.providerArn).toBe('arn:aws:iam::111122223333:saml-provider/corp');
  });

  it('is refused where two providers of the account have the Issuer', async () => {
    const providers = [second, makeSamlProvider()];
    await expectRefused(signed(), 'not that of one provider', { providers });
  });

  it('is refused where the account has none', async () => {
    await expectRefused(signed(), 'not that of one provider', { providers: [] });
  });

  const unreachable = new FederationError('identity-provider-unreachable', 'metadata not fetched');
  it('may be unreachable as long as another one has the Issuer', async () => {
    const providers = [second, makeSamlProvider()];
    const metadataOf = ({ name }: SamlProvider) =>
      name === 'second' ? Promise.reject(unreachable) : Promise.resolve(idp.metadata);
    expect((await verify(toBase64Url(signed()), { providers, metadataOf })).subject).toBe('user-1');
  });

  it('that could have the Issuer and is unreachable is worth a retry', async () => {
    const metadataOf = () => Promise.reject(unreachable);
    const { code } = await refusalOf(verify(toBase64Url(signed()), { metadataOf }));
    expect(code).toBe('identity-provider-unreachable');
  });
});

describe('the form', () => {
  it.each([
    ['no base64', '%%%'],
    ['a mix of both alphabets', `${toBase64Url(signed())}+_`],
    ['no XML', Buffer.from('no xml').toString('base64url')],
    ['no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64url')],
    ['nothing', ''],
    ['more than 100,000 characters', 'A'.repeat(100_001)],
  ])('refuses %s', async (_, token) => {
    const { code } = await refusalOf(verify(token));
    expect(code).toBe('invalid-identity-token');
  });
});
