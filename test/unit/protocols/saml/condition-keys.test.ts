import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { samlConditionKeys } from '../../../../src/protocols/saml/condition-keys.ts';
import { makeSamlProvider } from '../../../support/saml/identity-provider.ts';

type Attributes = Readonly<Record<string, readonly string[]>>;

function keysOf(attributes: Attributes) {
  const facts = {
    recipient: 'https://r',
    issuer: 'https://i',
    subject: 's',
    subjectType: 'persistent',
    nameQualifier: 'q',
    attributes: new Map(Object.entries(attributes)),
  };
  return samlConditionKeys(facts, makeSamlProvider());
}

const AFFILIATION = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1';
const EMAIL_CLAIM = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress';

describe('samlConditionKeys (wire-spec 4)', () => {
  it('has AWS’s own keys', () => {
    expect(keysOf({})).toEqual(
      new Map([
        ['saml:aud', 'https://r'],
        ['saml:iss', 'https://i'],
        ['saml:sub', 's'],
        ['saml:sub_type', 'persistent'],
        ['saml:namequalifier', 'q'],
        ['saml:doc', '111122223333/corp'],
      ]),
    );
  });

  it('has every attribute by its name: one value as text, several as list, none not at all', () => {
    const keys = keysOf({ team: ['a'], groups: ['a', 'b'], empty: [''], none: [] });
    expect(keys.get('saml:team')).toBe('a');
    expect(keys.get('saml:groups')).toEqual(['a', 'b']);
    expect(keys.get('saml:empty')).toBe('');
    expect(keys.has('saml:none')).toBe(false);
  });

  it.each([
    ['urn:oid:2.5.4.3', 'cn'],
    ['2.5.4.3', 'commonName'],
    ['2.5.4.4', 'surname'],
    ['urn:oid:2.5.4.4', 'surname'],
    ['urn:oid:2.5.4.42', 'givenName'],
    ['2.5.4.45', 'x500UniqueIdentifier'],
    ['urn:oid:0.9.2342.19200300.100.1.1', 'uid'],
    ['urn:oid:0.9.2342.19200300.100.1.3', 'mail'],
    ['0.9.2342.19200300.100.1.45', 'organizationStatus'],
    ['http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name', 'name'],
    ['http://schemas.xmlsoap.org/claims/CommonName', 'commonName'],
    [EMAIL_CLAIM, 'mail'],
    ['http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid', 'uid'],
    ['urn:oid:1.3.6.1.4.1.5923.1.1.1.6', 'eduPersonPrincipalName'],
  ])('shows %s as %s too', (name, short) => {
    const keys = keysOf({ [name]: ['v'] });
    expect(keys.get(`saml:${short}`)).toBe('v');
    expect(keys.get(`saml:${name}`)).toBe('v');
  });

  it.each([
    [AFFILIATION, 'eduPersonAffiliation'],
    ['urn:oid:1.3.6.1.4.1.5923.1.1.1.11', 'eduPersonAssurance'],
    ['urn:oid:1.3.6.1.4.1.5923.1.2.1.6', 'eduOrgWhitePagesURI'],
  ])('shows %s as the list %s even with one value', (name, short) => {
    const keys = keysOf({ [name]: ['v'] });
    expect(keys.get(`saml:${short}`)).toEqual(['v']);
    expect(keys.get(`saml:${name}`)).toEqual(['v']);
  });

  it('types a list by its short name in any case', () => {
    expect(keysOf({ edupersonaffiliation: ['v'] }).get('saml:edupersonaffiliation')).toEqual(['v']);
  });

  it('has no key of the attributes that steer the session', () => {
    const keys = keysOf({ 'https://aws.amazon.com/SAML/Attributes/Role': ['r'] });
    expect([...keys.keys()].filter((key) => key.includes('aws'))).toEqual([]);
  });

  it('takes two names of one key that agree', () => {
    expect(keysOf({ [EMAIL_CLAIM]: ['m'], mail: ['m'] }).get('saml:mail')).toBe('m');
  });

  it.each<[string, Attributes]>([
    ['an attribute in the place of the subject', { sub: ['admin'] }],
    ['an attribute in the place of the subject, in another case', { SUB: ['admin'] }],
    ['an attribute in the place of the document', { doc: ['999999999999/corp'] }],
    ['two attributes that differ by case', { team: ['a'], Team: ['b'] }],
    ['a short name and an attribute that has it', { [EMAIL_CLAIM]: ['a'], mail: ['b'] }],
    [
      'two attributes of one short name',
      { [EMAIL_CLAIM]: ['a'], 'urn:oid:0.9.2342.19200300.100.1.3': ['b'] },
    ],
    [
      'more than 500 attributes',
      Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`a${index}`, ['v']])),
    ],
  ])('refuses %s', (_, attributes) => {
    expect(() => keysOf(attributes)).toThrow(FederationError);
  });

  it('keeps attributes of inherited names apart from the tables', () => {
    expect(keysOf({ constructor: ['a'], toString: ['b'] }).get('saml:constructor')).toBe('a');
  });
});
