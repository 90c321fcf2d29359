import { describe, expect, it } from 'vitest';
import {
  mappedClaims,
  PROTOCOL_CLAIMS,
  type ClaimSource,
} from '../../../../src/domain/application/mapped-claims.ts';

const oidc: ClaimSource = {
  kind: 'web-identity',
  issuer: 'https://idp.example.com/tenant',
  conditionKeys: new Map<string, string | readonly string[]>([
    ['idp.example.com/tenant:email', 'alice@example.com'],
    ['idp.example.com/tenant:groups', ['dev', 'ops']],
    ['idp.example.com/tenant:address.country', 'DE'],
    ['other.example.com:email', 'mallory@example.com'],
    ['email', 'whole key'],
  ]),
  tags: { team: 'blue' },
};
const saml: ClaimSource = {
  kind: 'saml',
  issuer: 'urn:corp:idp',
  conditionKeys: new Map([['saml:mail', 'alice@corp.example.com']]),
  tags: {},
};

describe('claims mapped from a proof', () => {
  it('are its claims, one or many, and those of claims', () => {
    const mapping = { mail: 'email', groups: 'groups', country: 'address.country' };
    expect(mappedClaims(mapping, oidc)).toEqual({
      mail: 'alice@example.com',
      groups: ['dev', 'ops'],
      country: 'DE',
    });
  });

  it('are attributes of an assertion, whose issuer is no URL', () => {
    expect(mappedClaims({ email: 'mail' }, saml)).toEqual({ email: 'alice@corp.example.com' });
  });

  it('are session tags', () => {
    expect(mappedClaims({ team: 'tags.team' }, oidc)).toEqual({ team: 'blue' });
  });

  it('are whole condition keys, too', () => {
    expect(mappedClaims({ other: 'other.example.com:email' }, oidc)).toEqual({
      other: 'mallory@example.com',
    });
  });

  it.each(['nothing', 'tags.nothing', 'tags.constructor', 'tags.__proto__', 'tags.', 'constructor', ''])(
    'are not there for %j, which the proof does not say',
    (name) => {
      expect(mappedClaims({ claim: name }, oidc)).toEqual({});
    },
  );

  it.each([...PROTOCOL_CLAIMS])('are never %s', (claim) => {
    expect(mappedClaims({ [claim]: 'email' }, oidc)).toEqual({});
  });
});
