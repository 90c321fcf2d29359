import { describe, expect, it } from 'vitest';
import type { SamlIdentity } from '../../../../src/domain/identity/saml-identity.ts';
import { signInOf } from '../../../../src/http/saml/sign-in-of.ts';
import { makeSignIn } from '../../../support/sign-in.ts';

const REFEDS = 'https://refeds.org/profile/mfa';
const METHODS = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
const NOW_MS = Date.UTC(2026, 0, 2, 4);
const MINUTE_MS = 60_000;

function identityWith(more: Partial<SamlIdentity['saml']>): SamlIdentity {
  const { identity } = makeSignIn({ kind: 'saml' });
  if (!('saml' in identity)) throw new Error('not SAML');
  return { ...identity, saml: { ...identity.saml, attributes: new Map(), ...more } };
}
const signIn = (
  more: Partial<SamlIdentity['saml']>,
  mfa: 'trust-acr' | 'trust-amr' | 'never' = 'never',
  mfaValues = [REFEDS, 'multi'],
) => signInOf(identityWith(more), { mfa, mfaValues }, NOW_MS);

describe('the second factor of a SAML provider', () => {
  const authnInstantMs = NOW_MS - MINUTE_MS;
  const byClass = { authnInstantMs, authnContextClassRef: REFEDS };
  const byMethods = { authnInstantMs, attributes: new Map([[METHODS, ['password', 'multi']]]) };

  it('counts where the configuration believes the claim that says so', () => {
    expect(signIn(byClass, 'trust-acr').mfaAuthenticatedAtMs).toBe(authnInstantMs);
    expect(signIn(byMethods, 'trust-amr').mfaAuthenticatedAtMs).toBe(authnInstantMs);
  });

  it.each([
    ['nothing is believed', byClass, 'never'],
    ['nothing is believed', byMethods, 'never'],
    ['the other claim is believed', byClass, 'trust-amr'],
    ['the other claim is believed', byMethods, 'trust-acr'],
    ['the claim is absent', { authnInstantMs }, 'trust-acr'],
    ['the claim is absent', { authnInstantMs }, 'trust-amr'],
    ['the value only begins alike', { authnInstantMs, authnContextClassRef: `${REFEDS}/x` }, 'trust-acr'],
    ['the value is another', { authnInstantMs, attributes: new Map([[METHODS, ['Multi']]]) }, 'trust-amr'],
  ] as const)('does not count where %s (%j, %s)', (_name, more, mfa) => {
    expect(signIn(more, mfa).mfaAuthenticatedAtMs).toBeUndefined();
  });

  it('is never later than now, however wrong the provider’s clock', () => {
    const late = { ...byClass, authnInstantMs: NOW_MS + MINUTE_MS };
    expect(signIn(late, 'trust-acr').mfaAuthenticatedAtMs).toBe(NOW_MS);
  });
});

describe('what is shown of a person', () => {
  it.each([
    [{ displayName: ['Alice'], cn: ['alice'] }, { displayName: 'Alice' }],
    [
      { 'urn:oid:2.5.4.3': ['Alice'], mail: ['a@acme.example'] },
      { displayName: 'Alice', email: 'a@acme.example' },
    ],
    [{ displayName: [' '], cn: ['Alice'] }, { displayName: 'Alice' }],
    [{ displayName: ['Al\u202eice\n'] }, { displayName: 'Alice' }],
    [{ displayName: ['A'.repeat(500)] }, { displayName: 'A'.repeat(200) }],
    [{ other: ['Alice'] }, {}],
  ])('comes of %j', (attributes, profile) => {
    expect(signIn({ attributes: new Map(Object.entries(attributes)) }).profile).toEqual(profile);
  });

  it('has the address of a NameID that is one', () => {
    const format = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
    expect(signIn({ nameId: { value: 'a@acme.example', format } }).profile).toEqual({
      email: 'a@acme.example',
    });
  });
});

it('ends when the provider says', () => {
  expect(signIn({ sessionNotOnOrAfterMs: NOW_MS + MINUTE_MS }).notOnOrAfterMs).toBe(NOW_MS + MINUTE_MS);
});
