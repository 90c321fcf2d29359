import { describe, expect, it } from 'vitest';
import type { SamlIdpEntity } from '../../../../src/domain/identity/saml-metadata.ts';
import { findEndpoint } from '../../../../src/http/saml/exchange.ts';

const GOOD = { binding: 'post', location: 'https://idp.example.com/sso' } as const;

function entityWith(...singleSignOn: SamlIdpEntity['singleSignOn']): SamlIdpEntity {
  const entityId = 'https://idp.example.com/saml';
  return { entityId, signingKeys: [], singleSignOn, singleLogout: [], wantAuthnRequestsSigned: false };
}

describe('the place that metadata sends a browser to', () => {
  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'ftp://idp.example.com/',
    '//evil.example',
    '/roles',
    '',
  ])('is never %j, whichever binding it has', (location) => {
    for (const binding of ['redirect', 'post'] as const) {
      const bad = { binding, location };
      expect(findEndpoint([entityWith(bad)], 'singleSignOn')).toBeUndefined();
      expect(findEndpoint([entityWith(bad, GOOD)], 'singleSignOn')?.endpoint).toEqual(GOOD);
    }
  });

  it('is the first entity’s that has one, by redirect where there is the choice', () => {
    const redirect = { ...GOOD, binding: 'redirect' } as const;
    const [none, both] = [entityWith(), entityWith(GOOD, redirect)];
    expect(findEndpoint([none, both], 'singleSignOn')).toEqual({ entity: both, endpoint: redirect });
    expect(findEndpoint([both], 'singleLogout')).toBeUndefined();
  });
});
