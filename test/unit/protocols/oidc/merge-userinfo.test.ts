import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readClaim } from '../../../../src/protocols/oidc/claim-path.ts';
import { mergeUserinfo } from '../../../../src/protocols/oidc/merge-userinfo.ts';
import { readProfile } from '../../../../src/protocols/oidc/read-profile.ts';

const PROTOCOL = ['iss', 'sub', 'aud', 'azp', 'exp', 'iat', 'nbf', 'nonce', 'auth_time', 'acr', 'amr'];

describe('mergeUserinfo (OpenID Connect Core 5.3.2)', () => {
  it('never changes what a path finds in the ID token, whatever userinfo says', () => {
    const name = fc.constantFrom(
      'a',
      'A',
      'a.b',
      'a[0]',
      'a.b.c',
      'b',
      'c',
      'groups',
      'groups[0]',
      '__proto__',
    );
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.dictionary(name, fc.string()));
    const claims = fc.dictionary(name, value, { maxKeys: 5 });
    fc.assert(
      fc.property(claims, claims, name, (idToken, userinfo, path) => {
        const before = readClaim(idToken, path);
        if (before !== undefined) expect(readClaim(mergeUserinfo(idToken, userinfo), path)).toEqual(before);
      }),
    );
  });

  it('never adds a claim that only a signed token may make, in whatever case', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROTOCOL), fc.boolean(), fc.anything(), (claim, shout, value) => {
        const name = shout ? claim.toUpperCase() : claim;
        expect(mergeUserinfo({}, { [name]: value, [`${name}[0]`]: value, [`${name}.x`]: value })).toEqual({});
      }),
    );
  });

  it('adds names that only look alike', () => {
    const userinfo = { groupset: 'x', 'https://acme.example/groups': ['y'], amrs: 'z' };
    expect(mergeUserinfo({ groups: ['g'] }, userinfo)).toEqual({ groups: ['g'], ...userinfo });
  });
});

describe('readProfile', () => {
  it.each([
    ['the name', { name: 'Alice', preferred_username: 'a' }, { displayName: 'Alice' }],
    ['its parts', { given_name: 'Alice', family_name: 'E.', nickname: 'al' }, { displayName: 'Alice E.' }],
    ['another name where there is none', { name: ' ', preferred_username: 'a' }, { displayName: 'a' }],
    ['nothing of other types', { name: ['Alice'], email: { a: '@' } }, {}],
    ['no name that is too long', { name: 'x'.repeat(201) }, {}],
    ['no line breaks', { name: 'Alice\nAdministrator' }, {}],
    ['no text that turns the direction of what follows', { name: 'Alice\u202e' }, {}],
    ['no e-mail that is none', { email: 'alice' }, {}],
    ['an e-mail', { email: 'alice@acme.example' }, { email: 'alice@acme.example' }],
    ['nothing that every object has', {}, {}],
  ])('shows %s', (_, claims, profile) => {
    expect(readProfile(claims)).toEqual(profile);
  });
});
