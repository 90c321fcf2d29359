import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { claimsToConditionKeys } from '../../../../src/protocols/oidc/condition-keys.ts';

const keysFor = (claims: Record<string, unknown>, issuer = 'https://idp.example.com') =>
  Object.fromEntries(claimsToConditionKeys(claims, issuer, { audience: 'client-1' }));

describe('claimsToConditionKeys', () => {
  it('forms a key of every scalar and every list, nested objects by dotted path (wire-spec 3.3)', () => {
    expect(
      keysFor({
        aud: ['client-1'],
        sub: 'user-1',
        run_attempt: 2,
        email_verified: true,
        groups: ['dev', 7, null, { name: 'x' }, ['y']],
        'kubernetes.io': { namespace: 'default', pod: { name: 'web-0' } },
        nothing: null,
        none: [],
        objects: [{ a: 1 }],
        empty: {},
      }),
    ).toEqual({
      'idp.example.com:aud': 'client-1',
      'idp.example.com:sub': 'user-1',
      'idp.example.com:run_attempt': '2',
      'idp.example.com:email_verified': 'true',
      'idp.example.com:groups': ['dev', '7'],
      'idp.example.com:kubernetes.io.namespace': 'default',
      'idp.example.com:kubernetes.io.pod.name': 'web-0',
    });
  });

  it('keeps path and case of the issuer in the prefix', () => {
    expect(keysFor({ sub: 'a' }, 'https://Idp.example.com/Path')).toHaveProperty(
      ['Idp.example.com/Path:sub'],
      'a',
    );
  });

  it.each(['pwd', ['pwd']])('makes amr multivalued: %j', (amr) => {
    expect(keysFor({ amr })['idp.example.com:amr']).toEqual(['pwd']);
  });

  it('forms oaud only where azp took the place of aud', () => {
    const tested = { audience: 'client-1', originalAudience: ['x'] };
    const keys = claimsToConditionKeys({ aud: 'x', azp: 'client-1' }, 'https://idp.example.com', tested);
    expect(keys.get('idp.example.com:oaud')).toEqual(['x']);
    expect(keys.get('idp.example.com:azp')).toBe('client-1');
    expect(keysFor({ aud: 'client-1' })).not.toHaveProperty(['idp.example.com:oaud']);
  });

  it.each([
    ['two claims that differ in case only', { sub: 'user-1', Sub: 'admin' }],
    ['a claim that differs from aud in case only', { AUD: 'x' }],
    ['a claim of its own named oaud', { oaud: 'x' }],
    ['a dotted name beside a nested object', { 'a.b': 1, a: { b: 2 } }],
    ['nested names that differ in case only', { a: { b: 1, B: 2 } }],
    [
      'more than 500 claims',
      Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`c${index}`, index])),
    ],
    ['a number that has neighbours which read the same', { repository_id: 2 ** 53 }],
    ['a number beyond all numbers', { id: -Infinity }],
    ['such a number in a list', { ids: [2 ** 60] }],
  ])('refuses %s', (_, claims) => {
    expect(() => keysFor(claims)).toThrow(FederationError);
  });

  it('never lets two claims share a key without case, and never changes aud', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (claims) => {
        let names: string[];
        try {
          names = Object.keys(keysFor(claims));
          expect(keysFor(claims)['idp.example.com:aud']).toBe('client-1');
        } catch (error) {
          if (error instanceof FederationError) return;
          throw error;
        }
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
      }),
    );
  });
});
