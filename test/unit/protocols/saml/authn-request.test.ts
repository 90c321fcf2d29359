import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuthnRequest, renderAuthnRequest } from '../../../../src/protocols/saml/authn-request.ts';
import { SAML_ASSERTION, SAML_PROTOCOL } from '../../../../src/protocols/saml/namespaces.ts';
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  optionalChild,
  parseXml,
  requiredChild,
  textOf,
} from '../../../../src/protocols/saml/xml-document.ts';

const request: AuthnRequest = {
  id: '_1',
  issueInstantMs: Date.UTC(2026, 5, 1, 12),
  destination: 'https://idp.example.com/sso?a=1&b=2',
  issuer: 'https://sts.example.com/saml/corp/metadata',
  assertionConsumerServiceUrl: 'https://sts.example.com/saml/corp/acs',
  forceAuthn: false,
  authnContextClassRefs: [],
};
const rootOf = (change: Partial<AuthnRequest> = {}) =>
  parseXml(renderAuthnRequest({ ...request, ...change }));

describe('renderAuthnRequest', () => {
  it('says who asks, whom, when, and where the answer goes (SAML Core 3.4.1)', () => {
    const root = rootOf();
    const names = [
      'ID',
      'Version',
      'IssueInstant',
      'Destination',
      'ProtocolBinding',
      'AssertionConsumerServiceURL',
    ];
    expect(names.map((name) => attributeOf(root, name))).toEqual([
      '_1',
      '2.0',
      '2026-06-01T12:00:00.000Z',
      request.destination,
      'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
      request.assertionConsumerServiceUrl,
    ]);
    expect(textOf(requiredChild(root, SAML_ASSERTION, 'Issuer'))).toBe(request.issuer);
  });

  it('asks for nothing that nobody wished', () => {
    expect(attributeOf(rootOf(), 'ForceAuthn')).toBeUndefined();
    expect(childrenOf(rootOf()).map(({ localName }) => localName)).toEqual(['Issuer']);
  });

  it('asks for a new authentication, a NameID format and authentication contexts, in the order of the schema', () => {
    const root = rootOf({
      forceAuthn: true,
      nameIdFormat: 'urn:f',
      authnContextClassRefs: ['urn:a', 'urn:b'],
    });
    expect(attributeOf(root, 'ForceAuthn')).toBe('true');
    expect(childrenOf(root).map(({ localName }) => localName)).toEqual([
      'Issuer',
      'NameIDPolicy',
      'RequestedAuthnContext',
    ]);
    expect(attributeOf(requiredChild(root, SAML_PROTOCOL, 'NameIDPolicy'), 'Format')).toBe('urn:f');
    const context = optionalChild(root, SAML_PROTOCOL, 'RequestedAuthnContext');
    expect(context && attributeOf(context, 'Comparison')).toBe('exact');
    expect(context && childrenNamed(context, SAML_ASSERTION, 'AuthnContextClassRef').map(textOf)).toEqual([
      'urn:a',
      'urn:b',
    ]);
  });

  it('lets no value become markup', () => {
    const text = fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ']', ';') });
    fc.assert(
      fc.property(text, (value) => {
        const root = rootOf({ destination: value, issuer: value });
        expect(attributeOf(root, 'Destination')).toBe(value);
        expect(textOf(requiredChild(root, SAML_ASSERTION, 'Issuer'))).toBe(value);
      }),
    );
  });
});
