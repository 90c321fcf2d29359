import { createHmac, createPublicKey } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createExchangedTokens } from '../../../../src/domain/application/exchanged-tokens.ts';
import { TOKEN_TYPES } from '../../../../src/domain/application/token-type.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { exchangeTokens } from '../../../../src/http/oidc/token-exchange.ts';
import { facts } from '../../domain/federation/person-world.ts';
import {
  alice,
  assertion,
  claimsOf,
  client,
  createHandlerWorld,
  exchange,
  foreignKey,
  forIdToken,
  forNextRole,
  forRole,
  forService,
  type HandlerWorld,
  ISSUER,
  mintWith,
  NOW,
  NOW_MS,
  ownToken,
  proof,
  refusal,
  ROLE,
  signInAlice,
  subject,
} from './exchange-handler-world.ts';

let world: HandlerWorld;
beforeEach(async () => {
  world = await createHandlerWorld();
});

const jwt = (token: string) => subject('jwt', token);
const ask = (token: string, more = {}) => exchange(world, { ...jwt(token), ...forService(), ...more });
const refused = (token: string, more = {}, options = {}) =>
  refusal(world, { ...jwt(token), ...forService(), ...more }, options);

type Subject = readonly [what: string, bring: () => Promise<Readonly<Record<string, string>>>];
const subjects: readonly Subject[] = [
  ['an ID token of a provider', () => Promise.resolve(subject('id-token', proof()))],
  ['an access token of a provider', () => Promise.resolve(subject('access-token', proof()))],
  ['a JWT of a provider', () => Promise.resolve(jwt(proof()))],
  ['a SAML assertion', () => Promise.resolve(subject('saml2', assertion()))],
  ['our access token of a sign-in', async () => subject('access-token', await aliceToken())],
  ['our ID token of a sign-in', async () => subject('id-token', await aliceIdToken())],
  ['an opaque access token of ours', async () => subject('access-token', await opaqueToken())],
  ['a token of ours that was exchanged from a proof', async () => jwt(await exchanged('b'))],
  ['credentials of a role', async () => subject('aws4', await credentials())],
  ['a token of ours that was exchanged from credentials', async () => jwt(await exchangedFromRole())],
];

async function aliceToken(claims = {}) {
  const { signInId } = await signInAlice(world);
  return ownToken(world, { sid: signInId, ...claims });
}
async function aliceIdToken(claims = {}) {
  const { signInId } = await signInAlice(world);
  return ownToken(world, { sid: signInId, aud: 'portal', ...claims }, { type: 'JWT' });
}
async function opaqueToken(given = {}) {
  const { signInId } = await signInAlice(world);
  const expiresAtMs = NOW_MS + 300_000;
  const common = {
    kind: 'access-token',
    subject: alice,
    clientId: 'portal',
    audience: [],
    scopes: [],
  } as const;
  world.opaque.set('opaque', { ...common, signInId, expiresAtMs, tokenId: 'o', via: [], ...given });
  return 'opaque';
}
const exchanged = async (name: string) => (await ask(proof(), forService(name))).access_token;
const credentials = async () => (await exchange(world, { ...jwt(proof()), ...forRole })).access_token;
const exchangedFromRole = async () =>
  (await exchange(world, { ...subject('aws4', await credentials()), ...forService('b') })).access_token;

describe.each(subjects)('%s', (_, bring) => {
  it('is exchanged for an access token of a service (RFC 9068)', async () => {
    const answer = await exchange(world, { ...(await bring()), ...forService(), scope: 'read' });
    expect(answer).toMatchObject({
      issued_token_type: TOKEN_TYPES['access-token'],
      token_type: 'Bearer',
      scope: 'read',
    });
    expect(claimsOf(answer.access_token)).toMatchObject({
      iss: ISSUER,
      aud: 'https://a.example.com',
      client_id: 'portal',
      scope: 'read',
      exp: NOW + answer.expires_in,
    });
    expect(answer.expires_in).toBeLessThanOrEqual(600);
  });

  it('is exchanged for an ID token', async () => {
    const answer = await exchange(world, { ...(await bring()), ...forIdToken });
    expect(answer).toMatchObject({ issued_token_type: TOKEN_TYPES['id-token'], token_type: 'N_A' });
    expect(claimsOf(answer.access_token)).toMatchObject({ iss: ISSUER, aud: 'portal' });
  });

  it('is exchanged for credentials of a role', async () => {
    const answer = await exchange(world, { ...(await bring()), ...forNextRole });
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer;
    expect(answer.access_token).toBe([AccessKeyId, SecretAccessKey, SessionToken].map(String).join(':'));
    expect(answer).toMatchObject({
      issued_token_type: TOKEN_TYPES.aws4,
      token_type: 'N_A',
      Version: 1,
      Expiration: new Date(NOW_MS + answer.expires_in * 1000).toISOString(),
    });
  });

  it('is exchanged for nothing that there is not', async () => {
    const form = await bring();
    expect(await refusal(world, { ...form, audience: 'https://none.example.com' })).toMatch(
      /^invalid_target/,
    );
    const none = { resource: `${ROLE}-none` };
    expect(await refusal(world, { ...(await bring()), ...none })).toMatch(/^invalid_target/);
  });
});

describe('a token of a provider', () => {
  it.each<readonly [string, object, RegExp]>([
    ['expired', { exp: NOW - 1 }, /^invalid_request: token expired/],
    ['not valid yet', { nbf: NOW + 61 }, /^invalid_request/],
    ['for another audience', { aud: 'somebody-else' }, /^invalid_request: audience/],
    ['of an unknown issuer', { iss: 'https://evil.example.com' }, /^invalid_request: unknown issuer/],
    ['without a subject', { sub: undefined }, /^invalid_request/],
  ])('is refused %s', async (_, claims, expected) => {
    expect(await refused(mintWith(claims))).toMatch(expected);
    expect(await refusal(world, { ...jwt(mintWith(claims)), ...forRole })).toMatch(expected);
  });

  it('is refused from a public client where it is bound to a key (RFC 7800, RFC 9449)', async () => {
    const token = mintWith({ cnf: { jkt: 'x'.repeat(43) } });
    const by = client('portal', { authentication: { kind: 'public' } });
    expect(await refused(token, {}, { by })).toMatch(/^unauthorized_client/);
    await ask(token);
    await exchange(world, { ...jwt(proof()), ...forService() }, { by });
  });

  it('is refused where only another account trusts its issuer', async () => {
    const form = { ...jwt(proof()), resource: 'arn:aws:iam::444455556666:role/deploy' };
    expect(await refusal(world, form)).toMatch(/^invalid_request: unknown issuer/);
  });

  it('is refused by the same words whether the service of another client exists or not', async () => {
    const by = client('portal', { audiences: [] });
    const [known, unknown] = [
      await refused(proof(), {}, { by }),
      await refused(proof(), forService('none'), { by }),
    ];
    expect([known, unknown].map((text) => text.split(':')[0])).toEqual(['invalid_target', 'invalid_target']);
  });
});

describe('alg tricks (RFC 8725)', () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = () => ({
    iss: ISSUER,
    sub: alice,
    aud: 'portal',
    client_id: 'portal',
    iat: NOW,
    exp: NOW + 60,
    jti: 'j',
    sid: 's',
  });
  const kids = async () => (await world.signer.publicKeys()).keys;

  it('refuses none', async () => {
    const [key] = await kids();
    const token = `${part({ alg: 'none', kid: key?.kid, typ: 'at+jwt' })}.${part(claims())}.`;
    expect(await refused(token)).toMatch(/^invalid_request: alg is none that we sign with/);
  });

  it('refuses HS256 with our public key as secret', async () => {
    const [key] = await kids();
    if (key === undefined) throw new Error('no key');
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const input = `${part({ alg: 'HS256', kid: key.kid, typ: 'at+jwt' })}.${part(claims())}`;
    const token = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
    expect(await refused(token)).toMatch(/^invalid_request: alg is none that we sign with/);
  });

  it('refuses the kid of a key of another algorithm', async () => {
    const ec = (await kids()).find(({ alg }) => alg === 'ES256');
    const header = { kid: ec?.kid, typ: 'at+jwt' };
    expect(await refused(mintWith(claims(), { header, key: foreignKey }))).toMatch(
      /^invalid_request: the key is not one for alg/,
    );
  });

  it('refuses a key of somebody else under our kid, and a kid that is none of ours', async () => {
    const rsa = (await kids()).find(({ alg }) => alg === 'RS256');
    const sign = (kid: unknown) => mintWith(claims(), { header: { kid, typ: 'at+jwt' }, key: foreignKey });
    expect(await refused(sign(rsa?.kid))).toMatch(/^invalid_request: signature does not verify/);
    expect(await refused(sign('k1'))).toMatch(/^invalid_request: kid is no key of ours/);
    expect(await refused(sign(undefined))).toMatch(/^invalid_request: kid is no key of ours/);
  });

  it.each(['jwk', 'jku', 'x5u', 'x5c', 'crit'])('refuses a token with %s in its header', async (name) => {
    const header = { [name]: 'https://evil.example.com', typ: 'at+jwt' };
    expect(await refused(mintWith(claims(), { header, key: foreignKey }))).toMatch(
      new RegExp(`^invalid_request: header has ${name}`),
    );
  });

  it('refuses our name on a token that a provider signed', async () => {
    expect(await refused(mintWith({ iss: ISSUER }))).toMatch(/^invalid_request: kid is no key of ours/);
  });
});

describe('a token of ours', () => {
  it('is refused from its end on, without any skew', async () => {
    const token = await aliceToken({ exp: NOW + 1 });
    world.clock.now = NOW_MS + 1000;
    expect(await refused(token)).toMatch(/^invalid_request: token expired/);
  });

  it.each(['logout+jwt', 'secevent+jwt', 'JWT2'])('is refused as %s', async (type) => {
    const { signInId } = await signInAlice(world);
    const token = await ownToken(world, { sid: signInId, aud: 'portal' }, { type });
    expect(await refused(token)).toMatch(/^invalid_request: neither an access token nor an ID token/);
  });

  it('is refused as the token of GetWebIdentityToken that it is', async () => {
    const token = await aliceIdToken({ 'https://sts.amazonaws.com/': { aws_account: '111122223333' } });
    expect(await refusal(world, { ...subject('id-token', token), ...forService() })).toMatch(
      /^invalid_request: neither an access token nor an ID token/,
    );
  });

  it('is refused where it is declared as another kind than it is', async () => {
    const [access, id] = [await aliceToken(), await aliceIdToken()];
    for (const form of [subject('id-token', access), subject('access-token', id)])
      expect(await refusal(world, { ...form, ...forService() })).toMatch(/another kind than declared/);
  });

  it('is refused after sign-out', async () => {
    const { signInId, end } = await signInAlice(world);
    const token = await ownToken(world, { sid: signInId });
    await ask(token);
    await end();
    expect(await refused(token)).toMatch(/^invalid_request: the sign-in behind the token/);
  });

  it('is refused where the sign-in has sat idle', async () => {
    const token = await aliceToken({ exp: NOW + 7200 });
    world.clock.now = NOW_MS + 3_600_001;
    expect(await refused(token)).toMatch(/^invalid_request: the sign-in behind the token/);
  });

  it.each<readonly [string, object]>([
    ['another sign-in', { sid: 'AAAAAAAAAAAAAAAA' }],
    ['another person', { sub: `${'A'.repeat(28)}B` }],
  ])('is refused with the name of %s', async (_, claims) => {
    expect(await refused(await aliceToken(claims))).toMatch(/^invalid_request: the sign-in behind/);
  });

  it('is refused where what it names is no person, without a look into the store', async () => {
    expect(await refused(await aliceToken({ sub: 'x'.repeat(5000) }))).toMatch(/^invalid_request: a person/);
  });

  it('is refused where the person was removed', async () => {
    const token = await aliceToken();
    const deps = { ...world.deps, people: { findBySubject: () => Promise.resolve(undefined) } };
    expect(await refused(token, {}, { deps })).toMatch(/^invalid_request: the person behind the token/);
  });

  it('is refused where the provider left the configuration', async () => {
    const [signedIn, other] = [await aliceToken(), await exchanged('b')];
    const deps = world.depsOf({ provider: 'gone' });
    for (const token of [signedIn, other])
      expect(await refused(token, {}, { deps })).toMatch(/^invalid_request: the provider behind the token/);
  });

  it('is refused where the application that it was made for left the configuration', async () => {
    const token = await aliceToken({ client_id: 'other', aud: 'https://b.example.com' });
    const options = { by: client('b-app') };
    await exchange(world, { ...jwt(token), ...forService() }, options);
    const deps = world.depsOf({ applications: ['other'] });
    expect(await refused(token, {}, { ...options, deps })).toMatch(/^invalid_request: the application/);
  });

  it('is refused where nothing is remembered of what it was exchanged from', async () => {
    expect(await refused(await ownToken(world, {}))).toMatch(/^invalid_request: the record/);
    expect(await refused(await ownToken(world, { aud: 'portal', jti: undefined }, { type: 'JWT' }))).toMatch(
      /^invalid_request: the record/,
    );
  });

  it('is nobody to act for where it is an application’s own', async () => {
    expect(await refused(await ownToken(world, { sub: 'portal' }))).toMatch(/^invalid_request/);
  });

  it('is refused from a client that it was not made for (mixed-up clients)', async () => {
    const token = await aliceToken({ aud: 'https://b.example.com' });
    expect(await refused(token, {}, { by: client('other') })).toMatch(/^unauthorized_client/);
    await exchange(world, { ...jwt(token), ...forService() }, { by: client('b-app') });
  });

  it('is refused from a public client where it is bound to a key (RFC 9449)', async () => {
    const token = await aliceToken({ cnf: { jkt: 'thumbprint' } });
    const options = { by: client('portal', { authentication: { kind: 'public' } }) };
    expect(await refused(token, {}, options)).toMatch(/^unauthorized_client: a token bound to a key/);
    await ask(token);
  });

  it('comes back to nowhere, and goes on for four exchanges only', async () => {
    const by = (name: string) => ({ by: client(`${name}-app`) });
    let token = await exchanged('a');
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ] as const)
      token = (await exchange(world, { ...jwt(token), ...forService(to) }, by(from))).access_token;
    expect(await refused(token, forService('a'), by('d'))).toMatch(/^invalid_request: back to/);
    expect(await refused(token, forService('e'), by('d'))).toMatch(/^invalid_request: 5 exchanges/);
  });
});

describe('an opaque token', () => {
  it('is refused where there is none', async () => {
    expect(await refusal(world, { ...subject('access-token', 'none'), ...forService() })).toMatch(
      /^invalid_request: no such token/,
    );
  });

  it('is refused from its end on', async () => {
    const form = subject('access-token', await opaqueToken({ expiresAtMs: NOW_MS }));
    expect(await refusal(world, { ...form, ...forService() })).toMatch(/^invalid_request: token expired/);
  });

  it('is looked for where it is declared as an access token only', async () => {
    const token = await opaqueToken();
    expect(await refused(token)).toMatch(/^invalid_request: token has not three parts/);
  });
});

describe('credentials of a role', () => {
  const aws4 = (token: string, more = {}) =>
    refusal(world, { ...subject('aws4', token), ...forService(), ...more });
  const parts = async () => (await credentials()).split(':');

  it.each<readonly [string, (parts: readonly string[]) => readonly string[], RegExp]>([
    ['another secret', ([id = '', , token = '']) => [id, 'x'.repeat(40), token], /the secret of another/],
    ['a secret that is too short', ([id = '', , token = '']) => [id, 'x', token], /the secret of another/],
    ['another token', ([id = '', secret = '']) => [id, secret, 'x'], /token of another session/],
    ['no secret', ([id = '', , token = '']) => [id, '', token], /not three parts/],
    ['no token', ([id = '', secret = '']) => [id, secret], /not three parts/],
    ['one part more', (all) => [...all, 'x'], /not three parts/],
    [
      'an access key that is none of ours',
      ([, secret = '', token = '']) => ['ASIA', secret, token],
      /not an access key/,
    ],
  ])('are refused with %s', async (_, change, expected) => {
    const text = await aws4(change(await parts()).join(':'));
    expect(text).toMatch(/^invalid_request/);
    expect(text).toMatch(expected);
  });

  it('are refused once they were revoked, and so is what was exchanged from them', async () => {
    const token = await credentials();
    const made = await exchange(world, { ...subject('aws4', token), ...forService('b') });
    await world.store.sessions.revoke(token.slice(0, 20));
    expect(await aws4(token)).toMatch(/^invalid_request/);
    expect(await refused(made.access_token)).toMatch(/^invalid_request: the role session behind the token/);
  });

  it('are refused once the role left the configuration, and so is what was exchanged from them', async () => {
    const token = await credentials();
    const made = await exchange(world, { ...subject('aws4', token), ...forService('b') });
    const deps = world.depsOf({ role: 'gone' });
    expect(await refusal(world, { ...subject('aws4', token), ...forService() }, { deps })).toMatch(
      /role is gone/,
    );
    expect(await refused(made.access_token, {}, { deps })).toMatch(/role is gone/);
  });

  it('are refused where the key that sealed them left the ring, and so is all that was exchanged', async () => {
    const tokens = [
      subject('aws4', await credentials()),
      jwt(await exchangedFromRole()),
      jwt(await exchanged('b')),
    ];
    const openSecret = (): never => {
      throw new Error('A sealed value names no key of the ring.');
    };
    const { store, deps: good } = world;
    const exchangedTokens = createExchangedTokens({ store: store.oauthRecords, ...good, openSecret });
    const deps = { ...good, openSecret, exchangedTokens };
    for (const token of tokens)
      expect(await refusal(world, { ...token, ...forService() }, { deps })).toMatch(/^invalid_request/);
  });

  it('are refused after their end', async () => {
    const token = await credentials();
    world.clock.now = NOW_MS + 3_600_000;
    expect(await aws4(token)).toMatch(/^invalid_request: session expired/);
  });
});

describe('an assertion', () => {
  it('works once, whatever it is brought for (SAML Core 2.5.1.5)', async () => {
    const form = subject('saml2', assertion());
    await exchange(world, { ...form, ...forService() });
    expect(await refusal(world, { ...form, ...forRole })).toMatch(/^invalid_request/);
    expect(await refusal(world, { ...form, ...forService('b') })).toMatch(/^invalid_request/);
  });

  it('is refused where a JWT was declared, and a JWT where an assertion was', async () => {
    expect(await refused(assertion())).toMatch(/^invalid_request/);
    expect(await refusal(world, { ...subject('saml2', proof()), ...forService() })).toMatch(
      /^invalid_request/,
    );
  });
});

describe('an actor', () => {
  it('stands in act, beside the subject (RFC 8693 4.1)', async () => {
    const actor = await ownToken(world, { sub: 'portal', jti: 'actor' });
    const form = { actor_token: actor, actor_token_type: TOKEN_TYPES['access-token'] };
    const { access_token } = await ask(proof(), form);
    expect(claimsOf(access_token)).toMatchObject({ act: { iss: ISSUER, sub: 'portal' } });
  });

  it('is verified as the subject is', async () => {
    const form = { actor_token: mintWith({ exp: NOW - 1 }), actor_token_type: TOKEN_TYPES.jwt };
    expect(await refused(proof(), form)).toMatch(/^invalid_request: token expired/);
  });
});

describe('the trail', () => {
  const event = z.object({
    eventName: z.string(),
    requestParameters: z.looseObject({ clientId: z.string(), subjectTokenHash: z.string() }),
    additionalEventData: z.looseObject({ outcome: z.string() }),
  });

  it('has what was asked for and by whom, and tokens as their hashes only', async () => {
    const token = proof();
    const { access_token } = await ask(token, { scope: 'read' });
    const text = world.events.at(-1) ?? '';
    expect(event.parse(JSON.parse(text))).toMatchObject({
      eventName: 'ExchangeToken',
      requestParameters: { clientId: 'portal', subjectTokenHash: world.deps.hashProof(token), scope: 'read' },
      additionalEventData: { outcome: 'allowed' },
    });
    expect(text).not.toContain(token);
    expect(text).not.toContain(access_token);
    expect(text).toContain(world.deps.hashProof(access_token));
  });

  it('takes no request of a wrong form: a scanner must not fill it', async () => {
    const call = { client: client(), form: new URLSearchParams(), facts };
    const error: unknown = await exchangeTokens(call, world.deps).catch((cause: unknown) => cause);
    if (!(error instanceof FederationError)) throw new Error('it was accepted');
    expect([error.code, world.events.length]).toEqual(['malformed-input', 0]);
  });

  it('of a store that is down there is none, and nothing is handed out', async () => {
    const down = () => Promise.reject(new FederationError('store-unavailable', 'down'));
    const deps = { ...world.deps, audit: { ...world.deps.audit, record: down } };
    await expect(exchange(world, { ...jwt(proof()), ...forService() }, { deps })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });
});
