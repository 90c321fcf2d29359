import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SpKeys } from '../../../../src/domain/identity/sp-keys.ts';
import {
  parsePost,
  parseRedirect,
  postFields,
  redirectUrl,
} from '../../../../src/protocols/saml/bindings.ts';
import {
  type LogoutTrust,
  renderLogoutRequest,
  renderLogoutResponse,
  verifyLogoutRequest,
  verifyLogoutResponse,
} from '../../../../src/protocols/saml/logout.ts';
import { signXml } from '../../../../src/protocols/saml/sign-xml.ts';
import { makeSamlProvider } from '../../../support/saml/identity-provider.ts';
import { createTestSpKeys } from '../../../support/sp-keys.ts';

const IDP = 'https://idp.example.com/saml';
const SLO = 'https://sts.example.com/saml/corp/slo';
const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE_MS = 60_000;
const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

// Any pair of key and certificate will do for an identity provider.
let idp: SpKeys['signing'];
let trust: LogoutTrust;
beforeAll(async () => {
  idp = (await createTestSpKeys()).signing;
  const { publicKey: key } = new X509Certificate(idp.certificate);
  const entity = {
    entityId: IDP,
    signingKeys: [{ key, certificate: idp.certificate, notAfterMs: NOW }],
    singleSignOn: [],
    singleLogout: [],
    wantAuthnRequestsSigned: false,
  };
  trust = {
    provider: makeSamlProvider(),
    metadata: { entities: [{ ...entity, entityId: 'https://other.example.com', signingKeys: [] }, entity] },
    destination: SLO,
    nowMs: NOW,
  };
});

const outgoing = { id: '_1', issueInstantMs: NOW, destination: SLO, issuer: IDP };
const subject = {
  nameId: { value: 'alice <1>', format: 'urn:f', spNameQualifier: 'sp' },
  sessionIndex: 's&1',
};
type Change = (xml: string) => string;
const same: Change = (xml) => xml;

/** By redirect and by POST, changed before it is signed. */
function bothBindings(
  kind: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  { key = idp.privateKey, relayState = 'r' } = {},
) {
  const message = { kind, xml, relayState };
  const url = redirectUrl(SLO, message, { key, algorithm: 'rsa-sha256' });
  const signed = signXml(xml, { key, certificate: idp.certificate, algorithm: 'rsa-sha256' });
  return {
    redirect: parseRedirect(url.slice(url.indexOf('?') + 1)),
    post: parsePost(new URLSearchParams(postFields({ ...message, xml: signed })).toString()),
  };
}
const BINDINGS = ['redirect', 'post'] as const;
const request = (change: Change = same) =>
  bothBindings('SAMLRequest', change(renderLogoutRequest(outgoing, subject)));
const response = (change: Change = same) =>
  bothBindings('SAMLResponse', change(renderLogoutResponse(outgoing, '_ours')));
const refusal: unknown = expect.objectContaining({ code: 'invalid-identity-token' });

describe.each(BINDINGS)('a logout request by %s', (binding) => {
  it('tells whom to sign out (SAML Core 3.7.1)', () => {
    const { entity, ...told } = verifyLogoutRequest(request()[binding], trust);
    expect(entity.entityId).toBe(IDP);
    expect(told).toEqual({
      id: '_1',
      subject: 'alice <1>',
      sessionIndexes: ['s&1'],
      expiresAtMs: NOW + 6 * MINUTE_MS + 1,
    });
  });

  it('means all sign-ins where it names none', () => {
    const { sessionIndexes } = verifyLogoutRequest(
      request((xml) => xml.replace(/<samlp:SessionIndex>.*<\/samlp:SessionIndex>/, ''))[binding],
      trust,
    );
    expect(sessionIndexes).toEqual([]);
  });

  it.each([
    ['of another issuer', (xml) => xml.replace(`${IDP}<`, 'https://evil.example.com<')],
    ['without an issuer', (xml) => xml.replace(/<saml:Issuer>.*<\/saml:Issuer>/, '')],
    ['of an entity without keys', (xml) => xml.replace(`${IDP}<`, 'https://other.example.com<')],
    ['for another endpoint (SAML Bindings 3.4.5.2)', (xml) => xml.replace('/corp/slo', '/evil/slo')],
    ['for no endpoint', (xml) => xml.replace(/ Destination="[^"]*"/, '')],
    ['without a NameID', (xml) => xml.replace(/<saml:NameID.*<\/saml:NameID>/, '')],
    ['with two NameIDs', (xml) => xml.replace(/<saml:NameID.*<\/saml:NameID>/, '$&$&')],
    ['with an encrypted ID', (xml) => xml.replaceAll('saml:NameID', 'saml:EncryptedID')],
    ['with an element inside its NameID', (xml) => xml.replace('alice', 'al<saml:b/>ice')],
    ['of another version', (xml) => xml.replace('Version="2.0"', 'Version="1.1"')],
    ['that is an assertion query', (xml) => xml.replaceAll('LogoutRequest', 'AttributeQuery')],
    ['of another namespace', (xml) => xml.replace('SAML:2.0:protocol', 'SAML:2.0:protokol')],
    ['without a time', (xml) => xml.replace(/ IssueInstant="[^"]*"/, '')],
    ['at no time', (xml) => xml.replace(/ IssueInstant="[^"]*"/, ' IssueInstant="now"')],
    [
      'past its NotOnOrAfter',
      (xml) => xml.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter="2026-06-01T11:59:00.000Z"'),
    ],
    ['whose NotOnOrAfter is no time', (xml) => xml.replace(/NotOnOrAfter="[^"]*"/, 'NotOnOrAfter=""')],
    [
      'with 101 sign-ins',
      (xml) => xml.replace(/<samlp:SessionIndex>.*<\/samlp:SessionIndex>/, '$&'.repeat(101)),
    ],
  ] satisfies [string, Change][])('is refused %s', (_name, change) => {
    expect(() => verifyLogoutRequest(request(change)[binding], trust)).toThrow(refusal);
  });

  it.each([
    ['five minutes and the clock skew old', -6 * MINUTE_MS, 'taken'],
    ['older', -6 * MINUTE_MS - 1, 'refused'],
    ['as far ahead as clocks may be', MINUTE_MS, 'taken'],
    ['further ahead', MINUTE_MS + 1, 'refused'],
  ])('that is %s is %s', (_name, ageMs, outcome) => {
    const xml = renderLogoutRequest({ ...outgoing, issueInstantMs: NOW + ageMs }, subject);
    const message = bothBindings('SAMLRequest', xml.replace(/ NotOnOrAfter="[^"]*"/, ''))[binding];
    if (outcome === 'taken') expect(verifyLogoutRequest(message, trust).id).toBe('_1');
    else expect(() => verifyLogoutRequest(message, trust)).toThrow(refusal);
  });

  it('is refused when another key signed it', () => {
    const xml = renderLogoutRequest(outgoing, subject);
    const message = bothBindings('SAMLRequest', xml, { key: foreign.privateKey })[binding];
    expect(() => verifyLogoutRequest(message, trust)).toThrow(refusal);
  });

  it('is refused when the provider does not allow its algorithm', () => {
    const provider = makeSamlProvider({ signatureAlgorithms: ['rsa-sha512'] });
    expect(() => verifyLogoutRequest(request()[binding], { ...trust, provider })).toThrow(refusal);
  });

  it('is no response', () => {
    expect(() => verifyLogoutResponse(request()[binding], '_1', trust)).toThrow(refusal);
  });
});

describe('an unsigned logout request', () => {
  const xml = renderLogoutRequest(outgoing, subject);
  it('is refused by redirect', () => {
    const url = redirectUrl(SLO, { kind: 'SAMLRequest', xml });
    expect(() => verifyLogoutRequest(parseRedirect(url.slice(url.indexOf('?') + 1)), trust)).toThrow(refusal);
  });

  it('is refused by POST', () => {
    const form = new URLSearchParams(postFields({ kind: 'SAMLRequest', xml })).toString();
    expect(() => verifyLogoutRequest(parsePost(form), trust)).toThrow(refusal);
  });

  it('is refused by redirect when it is signed inside, where nobody looks', () => {
    const signed = signXml(xml, {
      key: idp.privateKey,
      certificate: idp.certificate,
      algorithm: 'rsa-sha256',
    });
    const url = redirectUrl(SLO, { kind: 'SAMLRequest', xml: signed });
    expect(() => verifyLogoutRequest(parseRedirect(url.slice(url.indexOf('?') + 1)), trust)).toThrow(refusal);
  });

  it('is refused when a signed one is wrapped in it', () => {
    const signed = signXml(xml, {
      key: idp.privateKey,
      certificate: idp.certificate,
      algorithm: 'rsa-sha256',
    });
    const [signature = ''] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(signed) ?? [];
    const inner = signed.replace(signature, '');
    const evil = xml.replace('_1', '_2').replace('alice', 'mallory');
    const wrapped = evil
      .replace('</saml:Issuer>', `</saml:Issuer>${signature}`)
      .replace(
        '</samlp:LogoutRequest>',
        `<samlp:Extensions>${inner}</samlp:Extensions></samlp:LogoutRequest>`,
      );
    const form = new URLSearchParams(postFields({ kind: 'SAMLRequest', xml: wrapped })).toString();
    expect(() => verifyLogoutRequest(parsePost(form), trust)).toThrow(refusal);
  });
});

describe.each(BINDINGS)('a logout response by %s', (binding) => {
  it('tells that all is ended', () => {
    expect(verifyLogoutResponse(response()[binding], '_ours', trust)).toBe('complete');
  });

  it.each([
    ['a failure', (xml) => xml.replace(':status:Success', ':status:Responder')],
    [
      'a partial logout',
      (xml) =>
        xml.replace(
          /<samlp:StatusCode ([^>]*)\/>/,
          '<samlp:StatusCode $1><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:PartialLogout"/></samlp:StatusCode>',
        ),
    ],
  ] satisfies [string, Change][])('does not call %s complete', (_name, change) => {
    expect(verifyLogoutResponse(response(change)[binding], '_ours', trust)).toBe('incomplete');
  });

  it.each([
    ['to another request', (xml) => xml.replace('"_ours"', '"_theirs"')],
    ['to no request', (xml) => xml.replace(/ InResponseTo="[^"]*"/, '')],
    ['without a status', (xml) => xml.replace(/<samlp:Status>.*<\/samlp:Status>/, '')],
    ['for another endpoint', (xml) => xml.replace('/corp/slo', '/evil/slo')],
    ['of another issuer', (xml) => xml.replace(`${IDP}<`, 'https://evil.example.com<')],
  ] satisfies [string, Change][])('is refused %s', (_name, change) => {
    expect(() => verifyLogoutResponse(response(change)[binding], '_ours', trust)).toThrow(refusal);
  });
});
