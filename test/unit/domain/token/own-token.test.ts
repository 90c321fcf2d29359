import { describe, expect, it } from 'vitest';
import { AWS_NAMESPACE, parseOwnToken } from '../../../../src/domain/token/own-token.ts';

const access = {
  ...{ iss: 'https://bridge.example.com', sub: 's', aud: 'https://a.example.com', exp: 1, iat: 0, jti: 'j' },
  ...{ client_id: 'portal', scope: 'read write', sid: 'sign-in', via: ['x'], act: { iss: 'i', sub: 'bot' } },
};
const id = { iss: 'https://bridge.example.com', sub: 's', aud: 'portal', exp: 1, iat: 0, sid: 'sign-in' };

describe('a token of ours', () => {
  it('is an access token by its type (RFC 9068 2.1)', () => {
    expect(parseOwnToken('at+jwt', access)).toEqual({
      ...{ kind: 'access-token', subject: 's', signInId: 'sign-in', clientId: 'portal' },
      ...{ audience: ['https://a.example.com'], scopes: ['read', 'write'], expiresAtMs: 1000, tokenId: 'j' },
      ...{ act: { iss: 'i', sub: 'bot' }, via: ['x'] },
    });
  });

  it.each([['JWT'], [undefined]])('is an ID token with the type %s', (type) => {
    expect(parseOwnToken(type, id)).toEqual({
      ...{ kind: 'id-token', subject: 's', signInId: 'sign-in', clientId: 'portal', audience: ['portal'] },
      ...{ scopes: [], expiresAtMs: 1000, tokenId: '', via: [] },
    });
    expect(parseOwnToken(type, { ...id, azp: 'other' })).toMatchObject({
      clientId: 'other',
      audience: ['portal'],
    });
  });

  it.each<[string, unknown, unknown]>([
    ['a token of GetWebIdentityToken', 'JWT', { ...id, [AWS_NAMESPACE]: { aws_account: '1' } }],
    ['one that says nothing there', 'JWT', { ...id, [AWS_NAMESPACE]: null }],
    ['a logout token', 'logout+jwt', { ...id, events: {} }],
    ['a logout token with an ID token’s type', 'JWT', { ...id, events: {} }],
    ['an access token of another type', 'application/at+jwt', access],
    ['an access token in another case', 'AT+JWT', access],
    ['an access token without an id', 'at+jwt', { ...access, jti: undefined }],
    ['an access token of no client', 'at+jwt', { ...access, client_id: undefined }],
    ['an ID token as an access token', 'at+jwt', id],
    ['several audiences', 'JWT', { ...id, aud: ['portal', 'other'] }],
    ['no subject', 'JWT', { ...id, sub: '' }],
    ['no end', 'JWT', { ...id, exp: '1' }],
    ['a way that is none', 'at+jwt', { ...access, via: 'x' }],
    ['an actor that is none', 'at+jwt', { ...access, act: { sub: 'bot' } }],
    ['a nested actor that is none', 'at+jwt', { ...access, act: { iss: 'i', sub: 'bot', act: 'x' } }],
    ['a type that is none', 1, id],
    ['null', 'JWT', null],
    ['a text', 'JWT', 'x'],
  ])('is not %s', (_, type, claims) => {
    expect(parseOwnToken(type, claims)).toBeUndefined();
  });
});
