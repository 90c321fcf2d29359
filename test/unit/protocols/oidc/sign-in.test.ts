import { hash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { providerLogoutUrl } from '../../../../src/protocols/oidc/provider-logout-url.ts';
import type { OidcIdpFault } from '../../../support/oidc-idp.ts';
import { NOW, refusalOf } from './issuer.ts';
import { ATTEMPT, createWorld, REDIRECT_URI } from './sign-in-world.ts';

const running: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((idp) => idp.stop()));
});
const world: typeof createWorld = async (...settings) => {
  const made = await createWorld(...settings);
  running.push(made.idp);
  return made;
};

describe('startOidcSignIn', () => {
  it('asks for a code with PKCE S256, state and nonce (OpenID Connect Core 3.1.2.1, RFC 7636 4.3)', async () => {
    const { start, idp } = await world();
    const url = await start();
    expect(url.origin + url.pathname).toBe(`${idp.issuer}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid email profile',
      state: ATTEMPT.state,
      nonce: ATTEMPT.nonce,
      code_challenge: hash('sha256', ATTEMPT.codeVerifier, 'base64url'),
      code_challenge_method: 'S256',
    });
  });

  it('passes on what was wished for', async () => {
    const { start } = await world();
    const url = await start({
      loginHint: 'alice@acme.example',
      prompt: 'select_account',
      acrValues: ['a', 'b'],
      maxAgeSeconds: 0,
      uiLocales: ['de', 'en'],
    });
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      login_hint: 'alice@acme.example',
      prompt: 'select_account',
      acr_values: 'a b',
      max_age: '0',
      ui_locales: 'de en',
    });
  });

  it('keeps the query of the authorization endpoint, and uses PKCE where it is not advertised', async () => {
    const { start, idp } = await world();
    idp.configure({
      metadata: {
        authorization_endpoint: `${idp.issuer}/authorize?policy=b2c`,
        code_challenge_methods_supported: undefined,
      },
    });
    const url = await start();
    expect(url.searchParams.get('policy')).toBe('b2c');
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  });

  it.each(['offered', 'required'] as const)(
    'pushes the parameters where that is %s (RFC 9126 2.1, 4)',
    async (par) => {
      const { start, finish, follow, idp } = await world({ par });
      const url = await start();
      expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
      expect(idp.requests[0]).toMatchObject({
        endpoint: 'par',
        method: 'POST',
        form: { state: ATTEMPT.state, nonce: ATTEMPT.nonce, code_challenge_method: 'S256' },
      });
      expect(idp.requests[0]?.authorization).toMatch(/^Basic /);
      expect((await finish(await follow(url))).identity.subject).toBe('alice-1');
    },
  );

  it('refuses when a pushed request is refused, naming known errors only', async () => {
    const { start, idp } = await world({ par: 'offered', clientId: 'client-9' }, { clientId: 'client-1' });
    const { code, params } = await refusalOf(start());
    expect([code, params]).toEqual(['provider-refused', { error: 'invalid_client' }]);
    idp.configure({ down: 'yes' });
    expect((await refusalOf(start())).code).toBe('identity-provider-unreachable');
  });

  it('refuses a provider that is down before anybody is sent there', async () => {
    const { start } = await world({ down: 'yes' });
    expect((await refusalOf(start())).code).toBe('identity-provider-unreachable');
  });

  it('refuses a document that names another issuer (OpenID Connect Discovery 4.3)', async () => {
    const { start } = await world({ metadata: { issuer: 'https://other.example' } });
    expect((await refusalOf(start())).code).toBe('invalid-identity-token');
  });
});

describe('client authentication', () => {
  it('is client_secret_basic, which leaves what needs no encoding as it is (RFC 6749 2.3.1)', async () => {
    const { signIn, idp } = await world({ clientId: 'a-b_c.apps', clientSecret: 's-e_c~r.e:t /+%' });
    await signIn();
    const [token] = idp.requests;
    const sent = Buffer.from(token?.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    expect(sent).toBe('a-b_c.apps:s-e_c~r.e%3At+%2F%2B%25');
    expect(token?.form).not.toHaveProperty('client_secret');
  });

  it('is client_secret_post where only that is taken', async () => {
    const metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    const { signIn, idp } = await world({ metadata });
    await signIn();
    expect(idp.requests[0]).toMatchObject({
      authorization: undefined,
      form: { client_id: 'client-1', client_secret: 'secret-of-client-1' },
    });
  });

  it('is client_secret_basic where the provider says nothing (OpenID Connect Discovery 3)', async () => {
    const { signIn, idp } = await world({ metadata: { token_endpoint_auth_methods_supported: undefined } });
    await signIn();
    expect(idp.requests[0]?.authorization).toMatch(/^Basic /);
  });

  it('is none for a public client', async () => {
    const { signIn, idp } = await world({ clientSecret: '' });
    await signIn();
    expect(idp.requests[0]).toMatchObject({ authorization: undefined, form: { client_id: 'client-1' } });
    expect(idp.requests[0]?.form).not.toHaveProperty('client_secret');
  });

  it('sends no secret to a provider that takes none', async () => {
    const metadata = { token_endpoint_auth_methods_supported: ['private_key_jwt'] };
    const { signIn, idp } = await world({ metadata });
    expect((await refusalOf(signIn())).code).toBe('provider-refused');
    expect(idp.requests).toEqual([]);
  });
});

describe('finishOidcSignIn', () => {
  it('makes a sign-in of a good answer', async () => {
    const { signIn, provider, idp } = await world();
    const { identity, profile, notices, ...rest } = await signIn();
    const prefix = idp.issuer.slice('http://'.length);
    expect(identity).toMatchObject({
      kind: 'web-identity',
      providerArn: provider.arn,
      issuer: idp.issuer,
      subject: 'alice-1',
      audience: 'client-1',
      tags: { email: 'alice@acme.example' },
    });
    expect(identity.conditionKeys.get(`${prefix}:groups`)).toEqual(['admins', 'developers']);
    expect(identity.conditionKeys.get(`${prefix}:nonce`)).toBe(ATTEMPT.nonce);
    expect(profile).toEqual({ displayName: 'Alice Example', email: 'alice@acme.example' });
    expect(notices).toEqual([]);
    expect(Object.keys(rest)).toEqual(['idToken']);
  });

  it('takes an iss in the answer, announced or not (RFC 9207)', async () => {
    for (const iss of ['announced', 'sent'] as const) {
      const { signIn } = await world({ iss });
      expect((await signIn()).identity.subject).toBe('alice-1');
    }
  });

  const UNSIGNED = ['invalid-identity-token', undefined] as const;
  it.each<readonly [OidcIdpFault, string, string | undefined, string]>([
    ['wrong-nonce', ...UNSIGNED, 'a token of another attempt (Core 3.1.3.7, 11)'],
    ['no-nonce', ...UNSIGNED, 'a token without nonce'],
    ['wrong-issuer', ...UNSIGNED, 'a token of another issuer (Core 3.1.3.7, 2)'],
    ['wrong-audience', ...UNSIGNED, 'a token for another client (Core 3.1.3.7, 3)'],
    ['expired', 'expired-identity-token', undefined, 'a token that has expired (Core 3.1.3.7, 9)'],
    ['hs256', ...UNSIGNED, 'a token that the client secret signed (MinIO CVE-2026-33322)'],
    ['alg-none', ...UNSIGNED, 'a token that nobody signed'],
    ['foreign-key', ...UNSIGNED, 'a token that somebody else signed'],
    ['wrong-at-hash', ...UNSIGNED, 'another access token (Core 3.1.3.8)'],
    ['no-id-token', 'provider-refused', 'other', 'an answer without ID token'],
    ['wrong-state', 'login-attempt-unknown', undefined, 'another state'],
    ['no-state', 'login-attempt-unknown', undefined, 'no state'],
    ['doubled-state', 'malformed-input', undefined, 'a state that comes twice (RFC 6749 3.1)'],
    ['mixed-up-iss', 'login-attempt-unknown', undefined, 'the issuer of another provider (RFC 9207 2.4)'],
    ['code-of-another', 'provider-refused', 'invalid_grant', 'an injected code (RFC 7636 1)'],
    ['token-html', 'provider-refused', 'other', 'a page in place of tokens'],
    ['token-500', 'identity-provider-unreachable', undefined, 'a token endpoint that fails'],
    ['token-slow', 'identity-provider-unreachable', undefined, 'a token endpoint that does not answer'],
    ['token-huge', 'provider-refused', 'other', 'an answer of megabytes'],
    ['token-redirect', 'provider-refused', 'other', 'a token endpoint that redirects'],
    ['token-wrong-type', 'provider-refused', 'other', 'JSON that is called text'],
    ['token-broken-json', 'provider-refused', 'other', 'half an answer'],
    ['userinfo-wrong-sub', ...UNSIGNED, 'userinfo of somebody else (Core 5.3.4)'],
    ['userinfo-500', 'identity-provider-unreachable', undefined, 'a userinfo endpoint that fails'],
    ['userinfo-html', 'provider-refused', 'other', 'a page in place of userinfo'],
    ['userinfo-redirect', 'provider-refused', 'other', 'a userinfo endpoint that redirects'],
  ])('refuses (%s)', async (fault, code, error) => {
    const { signIn } = await world({ fault });
    const refusal = await refusalOf(signIn());
    expect([refusal.code, refusal.params['error']]).toEqual([code, error]);
  });

  it('refuses an answer without iss where the provider announced one (RFC 9207 2.4)', async () => {
    const { signIn } = await world({ iss: 'announced', fault: 'no-iss' });
    expect((await refusalOf(signIn())).code).toBe('login-attempt-unknown');
  });

  it.each([
    ['access_denied', 'access_denied'],
    ['login_required', 'login_required'],
    ['server_error', 'server_error'],
    ['temporarily_unavailable', 'temporarily_unavailable'],
    ['<script>alert(1)</script>', 'other'],
    ['constructor', 'other'],
  ])('names the error %s as %s', async (error, named) => {
    const { signIn, idp } = await world({ error });
    const { code, params } = await refusalOf(signIn());
    expect([code, params]).toEqual(['provider-refused', { error: named }]);
    expect(idp.requests).toEqual([]);
  });

  it('does not believe an error that comes under another state or issuer', async () => {
    for (const fault of ['wrong-state', 'mixed-up-iss'] as const) {
      const { signIn } = await world({ error: 'access_denied', fault });
      expect((await refusalOf(signIn())).code).toBe('login-attempt-unknown');
    }
  });

  it.each([
    ['nothing at all', ''],
    ['no code', `state=${ATTEMPT.state}`],
    ['an empty code', `state=${ATTEMPT.state}&code=`],
    ['two codes', `state=${ATTEMPT.state}&code=a&code=b`],
    ['a doubled parameter that nobody knows', `state=${ATTEMPT.state}&code=a&x=1&x=1`],
    ['a code of 20,000 characters', `state=${ATTEMPT.state}&code=${'c'.repeat(20_000)}`],
    ['an ID token of the implicit flow', `state=${ATTEMPT.state}&id_token=a.b.c`],
    ['a JWT-secured response', `state=${ATTEMPT.state}&response=a.b.c`],
  ])('sends nothing anywhere for %s', async (_, query) => {
    const { finish, idp } = await world();
    const { code } = await refusalOf(finish(new URL(`${REDIRECT_URI}?${query}`)));
    expect(['malformed-input', 'login-attempt-unknown']).toContain(code);
    expect(idp.requests).toEqual([]);
  });

  it('redeems a code once, and only with the verifier and the address of its attempt', async () => {
    const { start, follow, finish } = await world();
    const callback = await follow(await start());
    const wrongVerifier = finish(callback, { codeVerifier: 'w'.repeat(43) });
    expect((await refusalOf(wrongVerifier)).params).toEqual({ error: 'invalid_grant' });
    const other = await follow(await start());
    expect((await finish(other)).identity.subject).toBe('alice-1');
    expect((await refusalOf(finish(other))).params).toEqual({ error: 'invalid_grant' });
    const elsewhere = finish(await follow(await start()), { redirectUri: `${REDIRECT_URI}/other` });
    expect((await refusalOf(elsewhere)).params).toEqual({ error: 'invalid_grant' });
  });

  it('refuses a token for one of the provider’s other audiences', async () => {
    const { signIn } = await world({ idTokenClaims: { aud: 'a-workload' } });
    expect((await refusalOf(signIn())).code).toBe('invalid-identity-token');
  });

  it.each([
    ['asked for by us but for others', { aud: ['a-workload'], azp: 'client-1' }],
    ['for us but asked for by others', { aud: ['client-1'], azp: 'a-workload' }],
    ['for several without azp', { aud: ['client-1', 'a-workload'] }],
  ])('refuses a token that is %s (Core 3.1.3.7, 3 to 5)', async (_, idTokenClaims) => {
    const { signIn } = await world({ idTokenClaims });
    expect((await refusalOf(signIn())).code).toBe('invalid-identity-token');
  });

  it('takes a token for us among others that names us as azp', async () => {
    const { signIn } = await world({ idTokenClaims: { aud: ['a-workload', 'client-1'], azp: 'client-1' } });
    expect((await signIn()).identity.audience).toBe('client-1');
  });

  it('takes a token without at_hash, which the code flow does not require', async () => {
    const { signIn } = await world({ idTokenClaims: { at_hash: undefined } });
    expect((await signIn()).identity.subject).toBe('alice-1');
  });
});

describe('max_age (Core 3.1.3.7, 13)', () => {
  it.each([
    ['refuses an authentication that is too old', NOW - 3661, 'invalid-identity-token'],
    ['takes one that is just young enough, clock skew included', NOW - 3660, undefined],
    ['refuses a token without auth_time', undefined, 'invalid-identity-token'],
    ['refuses an auth_time in the future', NOW + 61, 'invalid-identity-token'],
    ['refuses an auth_time that is a text', String(NOW), 'invalid-identity-token'],
  ])('%s', async (_, auth_time, code) => {
    const { signIn } = await world({ idTokenClaims: { auth_time } });
    const done = signIn({ maxAgeSeconds: 3600 });
    if (code === undefined) expect((await done).identity.subject).toBe('alice-1');
    else expect((await refusalOf(done)).code).toBe(code);
  });

  it('counts from when the sign-in began, as people may be slow', async () => {
    const { signIn } = await world({ idTokenClaims: { auth_time: NOW - 500 } });
    expect((await signIn({ maxAgeSeconds: 0, startedAtMs: (NOW - 510) * 1000 })).identity.subject).toBe(
      'alice-1',
    );
    expect((await refusalOf(signIn({ maxAgeSeconds: 0, startedAtMs: (NOW - 400) * 1000 }))).code).toBe(
      'invalid-identity-token',
    );
  });
});

describe('acr_values', () => {
  it.each([
    ['refuses another acr than was asked for', 'urn:weak', 'invalid-identity-token'],
    ['refuses a token without acr', undefined, 'invalid-identity-token'],
    ['refuses a list of them', ['urn:strong'], 'invalid-identity-token'],
    ['takes any that was asked for', 'urn:strong', undefined],
  ])('%s', async (_, acr, code) => {
    const { signIn } = await world({ idTokenClaims: { acr } });
    const done = signIn({ acrValues: ['urn:strong', 'urn:stronger'] });
    if (code === undefined) expect((await done).identity.subject).toBe('alice-1');
    else expect((await refusalOf(done)).code).toBe(code);
  });
});

describe('userinfo', () => {
  it('adds claims but overrides none, nor any that only a signed token may make', async () => {
    const userinfoClaims = {
      department: 'ops',
      name: 'Mallory',
      NAME: 'Mallory',
      amr: ['mfa'],
      ACR: 'high',
      exp: NOW * 2,
      auth_time: NOW * 2,
      'roles[0]': 'admin',
      'address.country': 'XX',
    };
    const idTokenClaims = { name: 'Alice', roles: ['reader'], address: { country: 'DE' } };
    const { signIn, idp, provider } = await world(
      { userinfoClaims, idTokenClaims },
      { mfa: 'trust-amr', mfaValues: ['mfa'] },
    );
    const { identity, profile, mfaAuthenticatedAtMs } = await signIn();
    const key = (name: string) => identity.conditionKeys.get(`${idp.issuer.slice('http://'.length)}:${name}`);
    expect(key('department')).toBe('ops');
    expect([key('name'), key('NAME'), profile.displayName]).toEqual(['Alice', undefined, 'Alice']);
    expect([key('amr'), key('ACR'), mfaAuthenticatedAtMs]).toEqual([undefined, undefined, undefined]);
    expect([key('exp'), key('auth_time')]).toEqual([String(NOW + 3600), String(NOW)]);
    expect([key('roles'), key('address.country')]).toEqual([['reader'], 'DE']);
    expect([key('roles[0]'), identity.expiresAtMs]).toEqual([
      undefined,
      (NOW + 3600 + provider.clockSkewSeconds) * 1000,
    ]);
  });

  it('is not asked for where the provider has none', async () => {
    const { signIn, idp } = await world({ userinfo: 'absent' });
    expect((await signIn()).identity.tags).toEqual({});
    expect(idp.requests.map(({ endpoint }) => endpoint)).toEqual(['token']);
  });

  it('refuses claims that are too many', async () => {
    const { signIn } = await world({ userinfoClaims: { filler: 'x'.repeat(120_000) } });
    expect((await refusalOf(signIn())).code).toBe('provider-refused');
  });

  it('refuses claims that are nested too deeply', async () => {
    const deep: unknown = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`);
    const { signIn } = await world({ userinfoClaims: { deep } });
    expect((await refusalOf(signIn())).code).toBe('provider-refused');
  });
});

describe('the provider’s second factor', () => {
  const AMR = { mfa: 'trust-amr', mfaValues: ['mfa'] } as const;
  const ACR = { mfa: 'trust-acr', mfaValues: ['https://refeds.org/profile/mfa'] } as const;
  it.each([
    ['an amr that is trusted', AMR, { amr: ['pwd', 'mfa'] }, NOW],
    ['its time, where it is said', AMR, { amr: ['mfa'], auth_time: NOW - 900 }, NOW - 900],
    ['the time of the token, where it is not', AMR, { amr: ['mfa'], auth_time: undefined }, NOW],
    ['never a time to come', AMR, { amr: ['mfa'], auth_time: NOW + 30 }, NOW],
    ['an amr that is one text', AMR, { amr: 'mfa' }, NOW],
    ['an acr that is trusted', ACR, { acr: 'https://refeds.org/profile/mfa' }, NOW],
    ['nothing where it is not trusted', { mfa: 'never', mfaValues: ['mfa'] }, { amr: ['mfa'] }, undefined],
    [
      'nothing where it is not trusted, whichever claim says it',
      { mfa: 'never', mfaValues: ['mfa'] },
      { acr: 'mfa' },
      undefined,
    ],
    ['nothing for another amr', AMR, { amr: ['pwd', 'otp'] }, undefined],
    ['nothing for a value that only begins so', AMR, { amr: ['mfa2'] }, undefined],
    ['nothing for amr where acr is trusted', ACR, { amr: ['https://refeds.org/profile/mfa'] }, undefined],
    ['nothing for acr where amr is trusted', AMR, { acr: 'mfa' }, undefined],
    ['nothing where there is no claim', AMR, {}, undefined],
  ] as const)('is %s', async (_, signInSettings, idTokenClaims, atSeconds) => {
    const { signIn } = await world({ idTokenClaims }, signInSettings);
    const { mfaAuthenticatedAtMs } = await signIn();
    expect(mfaAuthenticatedAtMs).toBe(atSeconds === undefined ? undefined : atSeconds * 1000);
  });
});

describe('providerLogoutUrl', () => {
  it('is where a generic provider says, with what it wants to know (RP-Initiated Logout 1.0, 2)', async () => {
    const { idp, provider, metadataOf } = await world();
    const input = { provider, returnTo: 'https://bridge.example.com/bye', idToken: 'a.b.c', state: 's' };
    const url = new URL((await providerLogoutUrl(input, { metadataOf })) ?? '');
    expect(url.origin + url.pathname).toBe(`${idp.issuer}/logout`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      post_logout_redirect_uri: 'https://bridge.example.com/bye',
      id_token_hint: 'a.b.c',
      state: 's',
    });
  });

  it('is nowhere, and no ID token is kept, where the provider offers none', async () => {
    const { signIn, provider, metadataOf } = await world({ metadata: { end_session_endpoint: undefined } });
    expect(await providerLogoutUrl({ provider, returnTo: REDIRECT_URI }, { metadataOf })).toBeUndefined();
    expect(await signIn()).not.toHaveProperty('idToken');
  });

  it('keeps no ID token that is too long for an address', async () => {
    const { signIn } = await world({ idTokenClaims: { filler: 'x'.repeat(6000) } });
    expect(await signIn()).not.toHaveProperty('idToken');
  });
});
