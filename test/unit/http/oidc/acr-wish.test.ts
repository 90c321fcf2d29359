import { expect, it } from 'vitest';
import { acrWishOf, satisfiedAcr } from '../../../../src/http/oidc/acr-wish.ts';

const SIGN_IN = 'urn:rolebridge:acr:sign-in';
const MFA = 'urn:rolebridge:acr:mfa';
const PHR = 'phr';
const claims = (acr: unknown) => JSON.stringify({ id_token: { acr } });

it.each([
  [{ acr_values: MFA }, { values: [MFA], essential: false }],
  [{ acr_values: `${PHR} ${MFA}` }, { values: [PHR, MFA], essential: false }],
  [{ acr_values: `urn:unknown ${MFA}` }, { values: [MFA], essential: false }],
  [{ acr_values: 'urn:unknown' }, { values: [], essential: false }],
  [{ claims: claims({ value: MFA }) }, { values: [MFA], essential: false }],
  [{ claims: claims({ value: MFA, essential: true }) }, { values: [MFA], essential: true }],
  [{ claims: claims({ values: [PHR, MFA], essential: true }) }, { values: [PHR, MFA], essential: true }],
  [{ claims: claims({ values: ['urn:unknown'], essential: true }) }, { values: [], essential: true }],
  // The parameter comes first (OpenID Connect Core 5.5.1.1 leaves it open).
  [
    { acr_values: MFA, claims: claims({ value: PHR, essential: true }) },
    { values: [MFA], essential: false },
  ],
])('reads %j', (params, wish) => {
  expect(acrWishOf(params)).toEqual(wish);
});

it.each([
  {},
  { acr_values: '' },
  { acr_values: 7 },
  { claims: claims(null) },
  { claims: claims({ essential: true }) },
  { claims: claims({ value: 7 }) },
  { claims: claims('mfa') },
  { claims: '{' },
  { claims: '{}' },
  { claims: 7 },
])('reads no wish of %j', (params) => {
  expect(acrWishOf(params)).toBeUndefined();
});

it.each([
  [[SIGN_IN], SIGN_IN, SIGN_IN],
  [[SIGN_IN], PHR, SIGN_IN],
  [[MFA], PHR, MFA],
  [[PHR, MFA], PHR, PHR],
  [[PHR, MFA], MFA, MFA],
  [[PHR], MFA, undefined],
  [[MFA], SIGN_IN, undefined],
  [[], PHR, undefined],
] as const)('of %j a sign-in of %s satisfies %s', (values, actual, satisfied) => {
  expect(satisfiedAcr({ values, essential: false }, actual)).toBe(satisfied);
});
