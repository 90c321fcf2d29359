import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  callbackOf,
  CLIENTS,
  DEPLOY,
  ORDERS,
  REPORTS,
  secretOf,
  signedOutOf,
  type ClientName,
} from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { passPages, type Somebody } from '../support/code-flow.ts';
import type { Page } from '../support/form-browser.ts';
import { confirmLogout } from '../support/logout-flow.ts';
import { until } from '../support/redis-server.ts';
import { enrolTotp, proveTotp } from '../support/second-factor.ts';
import { shiftClock } from '../support/test-clock.ts';

type Parameters = Readonly<Record<string, string>>;

const clock = shiftClock();
let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
});
afterAll(async () => {
  await site.stop();
  clock.restore();
});

/** openid-client as an application of ours: all that it knows of us is the issuer. */
async function discover(name: ClientName): Promise<oidc.Configuration> {
  const metadata = { id_token_signed_response_alg: name === 'keys' ? 'EdDSA' : 'RS256' };
  return oidc.discovery(new URL(site.publicUrl), name, metadata, authenticationOf(name), {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so only to stand out; the test's issuer has no TLS
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
}

function authenticationOf(name: ClientName): oidc.ClientAuth {
  switch (CLIENTS[name]) {
    case 'basic':
      return oidc.ClientSecretBasic(secretOf(name));
    case 'post':
      return oidc.ClientSecretPost(secretOf(name));
    case 'keys':
      return oidc.PrivateKeyJwt(site.clientKey);
    case 'none':
    case 'workload':
      return oidc.None();
  }
}

type Attempt = {
  readonly config: oidc.Configuration;
  readonly parameters: Parameters;
  readonly checks: oidc.AuthorizationCodeGrantChecks;
};

async function prepare(name: ClientName, more: Parameters = {}): Promise<Attempt> {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: callbackOf(name, site.server.url),
    scope: 'openid profile email',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  };
  return { config: await discover(name), parameters, checks };
}

async function browse(somebody: Somebody, url: URL): Promise<Page> {
  return passPages(site, somebody, await somebody.browser.visit(url.href));
}

/** What the library gets for the address that the browser came back to. */
function finish(
  { config, checks }: Attempt,
  { url }: Page,
  more: Parameters = {},
  options: oidc.DPoPOptions = {},
) {
  return oidc.authorizationCodeGrant(config, new URL(url), checks, more, options);
}

async function signIn(
  name: ClientName,
  somebody: Somebody = { browser: site.browser() },
  more: Parameters = {},
) {
  const attempt = await prepare(name, more);
  const page = await browse(somebody, oidc.buildAuthorizationUrl(attempt.config, attempt.parameters));
  const { resource } = more;
  const tokens = await finish(attempt, page, resource === undefined ? {} : { resource });
  return { config: attempt.config, tokens, claims: claimsOf(tokens) };
}

type Tokens = oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;

function claimsOf(tokens: Tokens): oidc.IDToken {
  const claims = tokens.claims();
  if (claims === undefined) throw new Error('no ID token');
  return claims;
}

/** The error that the library made of a refusal. */
async function refusalOf(running: Promise<unknown>): Promise<string> {
  const error = await running.then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause,
  );
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError)
    return error.error;
  throw error;
}

/** Verifies an access token as a service does (RFC 9068 4). */
async function atService(token: string, audience: string) {
  const keys = createRemoteJWKSet(new URL(`${site.publicUrl}/oidc/jwks`));
  const options = { issuer: site.publicUrl, audience, typ: 'at+jwt', currentDate: new Date(Date.now()) };
  return (await jwtVerify(token, keys, options)).payload;
}

describe('openid-client, in the code flow', () => {
  it.each(['web', 'post', 'keys', 'spa', 'partner'] as const)(
    'signs somebody in to %s, with state, nonce, `iss` and PKCE (OpenID Connect Core 3.1, RFC 9207, RFC 7636)',
    async (name) => {
      const { config, tokens, claims } = await signIn(name, { browser: site.browser(), person: 'bob-1' });
      expect(config.serverMetadata()).toMatchObject({ authorization_response_iss_parameter_supported: true });
      expect(claims).toMatchObject({ aud: name, name: 'Bob Example', email: 'bob@acme.example' });
      const profile = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
      expect(profile).toMatchObject({ sub: claims.sub, name: 'Bob Example', email: 'bob@acme.example' });
    },
  );

  it('takes a pushed request, once (RFC 9126)', async () => {
    const attempt = await prepare('pushed');
    const url = await oidc.buildAuthorizationUrlWithPAR(attempt.config, attempt.parameters);
    expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    const somebody = { browser: site.browser() };
    const tokens = await finish(attempt, await browse(somebody, url));
    expect(claimsOf(tokens).aud).toBe('pushed');
    const again = await somebody.browser.visit(url.href);
    expect(new URL(again.url).searchParams.has('code')).toBe(false);
  });

  it('refuses a request that was not pushed of an application that must (RFC 9126 6)', async () => {
    const attempt = await prepare('pushed');
    const page = await browse(
      { browser: site.browser() },
      oidc.buildAuthorizationUrl(attempt.config, attempt.parameters),
    );
    expect(await refusalOf(finish(attempt, page))).toBe('invalid_request');
  });

  it('takes a signed request object, also pushed (RFC 9101, RFC 9126 3)', async () => {
    const attempt = await prepare('keys');
    const url = await oidc.buildAuthorizationUrlWithJAR(attempt.config, attempt.parameters, site.clientKey);
    const tokens = await finish(attempt, await browse({ browser: site.browser() }, url));
    expect(claimsOf(tokens).aud).toBe('keys');
    const second = await prepare('keys');
    const { searchParams } = await oidc.buildAuthorizationUrlWithJAR(
      second.config,
      second.parameters,
      site.clientKey,
    );
    const pushed = await oidc.buildAuthorizationUrlWithPAR(second.config, searchParams);
    expect(claimsOf(await finish(second, await browse({ browser: site.browser() }, pushed))).aud).toBe(
      'keys',
    );
  });

  it('refuses a request object that somebody else signed (RFC 9101 6.3)', async () => {
    const attempt = await prepare('keys');
    const { privateKey } = await oidc.randomDPoPKeyPair('ES256');
    const url = await oidc.buildAuthorizationUrlWithJAR(attempt.config, attempt.parameters, {
      key: privateKey,
      kid: site.clientKey.kid,
    });
    const page = await site.browser().visit(url.href);
    expect(new URL(page.url).searchParams.has('code')).toBe(false);
  });

  it('gives what the claims parameter asks for (OpenID Connect Core 5.5)', async () => {
    const claims = JSON.stringify({
      userinfo: { email: { essential: true } },
      id_token: { auth_time: { essential: true }, name: null },
    });
    const { config, tokens, claims: told } = await signIn('web', undefined, { scope: 'openid', claims });
    expect(told).toMatchObject({ name: 'Alice Example' });
    expect(told.auth_time).toBeTypeOf('number');
    const profile = await oidc.fetchUserInfo(config, tokens.access_token, told.sub);
    expect(profile).toMatchObject({ email: 'alice@acme.example' });
    expect(profile).not.toHaveProperty('name');
  });
});

describe('openid-client, where somebody is signed in already', () => {
  it('is answered at once with prompt=none, and told where a page would be needed (OpenID Connect Core 3.1.2.6)', async () => {
    const browser = site.browser();
    const silent = async (name: ClientName): Promise<string> => {
      const attempt = await prepare(name, { prompt: 'none' });
      const url = oidc.buildAuthorizationUrl(attempt.config, attempt.parameters);
      const page = await browser.visit(url.href);
      const finished = finish(attempt, page);
      return finished.then(
        (tokens) => claimsOf(tokens).sub,
        () => refusalOf(finished),
      );
    };
    expect(await silent('web')).toBe('login_required');
    const { claims } = await signIn('web', { browser });
    expect(await silent('web')).toBe(claims.sub);
    expect(await silent('partner')).toBe('consent_required');
    await signIn('partner', { browser });
    expect(await silent('partner')).toBe(claims.sub);
  });

  it('asks for the sign-in again with prompt=login and an old one with max_age (OpenID Connect Core 3.1.2.1)', async () => {
    const somebody = { browser: site.browser() };
    const first = await signIn('web', somebody);
    clock.advance(5000);
    const second = await signIn('web', somebody, { prompt: 'login' });
    expect(second.claims.auth_time).toBeGreaterThan(first.claims.auth_time ?? Infinity);
    clock.advance(5000);
    const attempt = await prepare('web', { max_age: '3' });
    const page = await browse(somebody, oidc.buildAuthorizationUrl(attempt.config, attempt.parameters));
    const checks = { ...attempt.checks, maxAge: 3 };
    const third = claimsOf(await finish({ ...attempt, checks }, page));
    expect(third.auth_time).toBeGreaterThan(second.claims.auth_time ?? Infinity);
    expect(third.sub).toBe(first.claims.sub);
  });

  it('asks for consent again with prompt=consent, and learns of a no (RFC 6749 4.1.2.1)', async () => {
    const somebody = { browser: site.browser() };
    await signIn('partner', somebody);
    const attempt = await prepare('partner', { prompt: 'consent' });
    const page = await somebody.browser.visit(
      oidc.buildAuthorizationUrl(attempt.config, attempt.parameters).href,
    );
    const { pathname } = new URL(page.url);
    expect(pathname).toMatch(/^\/oidc\/interaction\//);
    const back = await somebody.browser.submit(page, { answer: 'deny' }, pathname);
    expect(await refusalOf(finish(attempt, back))).toBe('access_denied');
  });

  it('gets nobody else than the one of the id_token_hint (OpenID Connect Core 3.1.2.1)', async () => {
    const alice = { browser: site.browser() };
    const { tokens, claims } = await signIn('web', alice);
    const hint = { prompt: 'none', id_token_hint: tokens.id_token ?? '' };
    expect((await signIn('web', alice, hint)).claims.sub).toBe(claims.sub);
    const bob = { browser: site.browser(), person: 'bob-1' };
    await signIn('web', bob);
    expect(await refusalOf(signIn('web', bob, hint))).toBe('login_required');
  });
});

describe('openid-client, stepping up', () => {
  it('is led through a second factor by acr_values, and told so (OpenID Connect Core 3.1.2.1, RFC 9470)', async () => {
    const somebody = { browser: site.browser(), person: 'carol-1' };
    const { claims } = await signIn('web', somebody);
    expect(claims['acr']).toBe('urn:rolebridge:acr:sign-in');
    clock.advance(2000);
    const acr_values = 'urn:rolebridge:acr:mfa';
    const attempt = await prepare('web', { acr_values });
    const asked = await browse(somebody, oidc.buildAuthorizationUrl(attempt.config, attempt.parameters));
    expect(new URL(asked.url).pathname).toBe('/mfa/add');
    const { page, secret } = await enrolTotp(somebody.browser, asked);
    const stepped = claimsOf(await finish(attempt, await passPages(site, somebody, page)));
    expect(stepped).toMatchObject({ sub: claims.sub, acr: acr_values });
    expect(stepped['amr']).toEqual(expect.arrayContaining(['otp', 'mfa']));
    expect(stepped.auth_time).toBeGreaterThan(claims.auth_time ?? Infinity);

    const elsewhere = { browser: site.browser(), person: 'carol-1' };
    const again = await prepare('web', { acr_values });
    const challenge = await browse(elsewhere, oidc.buildAuthorizationUrl(again.config, again.parameters));
    expect(new URL(challenge.url).pathname).toBe('/mfa/verify');
    const proved = await proveTotp(elsewhere.browser, challenge, secret);
    const last = claimsOf(await finish(again, await passPages(site, elsewhere, proved)));
    expect(last).toMatchObject({ sub: claims.sub, acr: acr_values });
  });
});

describe('openid-client, with refresh tokens', () => {
  it('rotates them, and loses all when an old one is used again (RFC 9700 4.14.2)', async () => {
    const { config, tokens, claims } = await signIn('web', undefined, { scope: 'openid offline_access' });
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(second.refresh_token).not.toBe(tokens.refresh_token);
    expect(claimsOf(second).sub).toBe(claims.sub);
    expect(await oidc.fetchUserInfo(config, second.access_token, claims.sub)).toMatchObject({
      sub: claims.sub,
    });
    expect(await refusalOf(oidc.refreshTokenGrant(config, tokens.refresh_token ?? ''))).toBe('invalid_grant');
    expect(await refusalOf(oidc.refreshTokenGrant(config, second.refresh_token ?? ''))).toBe('invalid_grant');
    const state = await oidc.tokenIntrospection(config, second.access_token);
    expect(state).toEqual({ active: false });
  });

  it('introspects and revokes them (RFC 7662, RFC 7009)', async () => {
    const { config, tokens, claims } = await signIn('web', undefined, { scope: 'openid offline_access' });
    const token = tokens.refresh_token ?? '';
    expect(await oidc.tokenIntrospection(config, token)).toMatchObject({
      active: true,
      client_id: 'web',
      sub: claims.sub,
    });
    await oidc.tokenRevocation(config, token);
    expect(await oidc.tokenIntrospection(config, token)).toEqual({ active: false });
    expect(await refusalOf(oidc.refreshTokenGrant(config, token))).toBe('invalid_grant');
    await oidc.tokenRevocation(config, 'never-seen');
  });

  it("tells no application of another one's tokens (RFC 7662 4)", async () => {
    const { tokens } = await signIn('web', undefined, { scope: 'openid offline_access' });
    const post = await discover('post');
    for (const token of [tokens.refresh_token ?? '', tokens.access_token])
      expect(await oidc.tokenIntrospection(post, token)).toEqual({ active: false });
  });
});

describe('openid-client, at services', () => {
  it.each([
    [ORDERS, 'orders:read'],
    [REPORTS, 'reports:read'],
  ])('gets a JWT for %s that the service can verify (RFC 8707, RFC 9068)', async (resource, scope) => {
    const { tokens, claims } = await signIn('web', undefined, { resource, scope: `openid ${scope}` });
    expect(await atService(tokens.access_token, resource)).toMatchObject({
      sub: claims.sub,
      client_id: 'web',
      scope,
    });
    const other = resource === ORDERS ? REPORTS : ORDERS;
    await expect(atService(tokens.access_token, other)).rejects.toThrow();
    // For somebody else, and no JWT of a service opens userinfo.
    const config = await discover('web');
    await expect(oidc.fetchUserInfo(config, tokens.access_token, claims.sub)).rejects.toThrow();
  });

  it('gets nothing for a service that it may not use, or that there is not (RFC 8707 2)', async () => {
    for (const resource of ['https://unknown.acme.example', 'https://orders.acme.example/'])
      expect(await refusalOf(signIn('web', undefined, { resource }))).toBe('invalid_target');
  });

  it('gets tokens of its own (RFC 6749 4.4)', async () => {
    for (const name of ['web', 'post', 'keys'] as const) {
      const config = await discover(name);
      const tokens = await oidc.clientCredentialsGrant(config, { resource: ORDERS, scope: 'orders:read' });
      expect(await atService(tokens.access_token, ORDERS)).toMatchObject({ sub: name, client_id: name });
      expect(tokens).not.toHaveProperty('refresh_token');
    }
  });

  it('needs no secret where its platform vouches for it (RFC 7523 2.2)', async () => {
    const config = await discover('robot');
    const proof = async (claims: Readonly<Record<string, unknown>> = {}): Promise<Parameters> => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await site.platformToken(claims),
    });
    const form = { resource: ORDERS, scope: 'orders:read' };
    const tokens = await oidc.clientCredentialsGrant(config, { ...form, ...(await proof()) });
    expect(await atService(tokens.access_token, ORDERS)).toMatchObject({ sub: 'robot' });
    const feature = await proof({ sub: 'repo:acme/app:ref:refs/heads/feature' });
    for (const bad of [feature, {}])
      expect(await refusalOf(oidc.clientCredentialsGrant(config, { ...form, ...bad }))).toBe(
        'invalid_client',
      );
  });
});

describe('openid-client, with DPoP (RFC 9449)', () => {
  it('binds code, refresh and access to its key', async () => {
    const attempt = await prepare('bound', { scope: 'openid offline_access' });
    const handle = async (): Promise<oidc.DPoPOptions> => ({
      DPoP: oidc.getDPoPHandle(attempt.config, await oidc.randomDPoPKeyPair('ES256')),
    });
    const own = await handle();
    const page = await browse(
      { browser: site.browser() },
      oidc.buildAuthorizationUrl(attempt.config, attempt.parameters),
    );
    const tokens = await finish(attempt, page, {}, own);
    expect(tokens.token_type).toBe('dpop');
    const { sub } = claimsOf(tokens);
    expect(await oidc.fetchUserInfo(attempt.config, tokens.access_token, sub, own)).toMatchObject({ sub });
    const second = await oidc.refreshTokenGrant(attempt.config, tokens.refresh_token ?? '', {}, own);
    const userinfo = new URL(`${site.publicUrl}/oidc/userinfo`);
    const call = (options: oidc.DPoPOptions): Promise<Response> =>
      oidc.fetchProtectedResource(
        attempt.config,
        second.access_token,
        userinfo,
        'GET',
        undefined,
        undefined,
        options,
      );
    expect((await call(own)).status).toBe(200);
    await expect(call(await handle())).rejects.toThrow();
    const bearer = await fetch(userinfo, { headers: { authorization: `Bearer ${second.access_token}` } });
    expect(bearer.status).toBe(401);
  });

  it('must be used by an application that is bound', async () => {
    expect(await refusalOf(signIn('bound'))).toBe('invalid_dpop_proof');
  });
});

describe('openid-client, on a device without a browser (RFC 8628)', () => {
  async function ask() {
    const config = await discover('television');
    const device = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' });
    expect(device.user_code).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/);
    return { config, device };
  }

  function poll(config: oidc.Configuration, { device_code }: oidc.DeviceAuthorizationResponse) {
    return oidc.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', { device_code });
  }

  /** Somebody who is signed in types the code and answers what is asked then. */
  async function answerDevice(userCode: string, answer: Parameters): Promise<Page> {
    const somebody = { browser: site.browser(), person: 'dave-1' };
    const start = await somebody.browser.visit(`${site.publicUrl}/device`);
    const form = await passPages(site, somebody, start);
    const asked = await somebody.browser.submit(form, { user_code: userCode }, '/device');
    const there = await passPages(site, somebody, asked);
    const done = await somebody.browser.submit(there, answer, '/device');
    return passPages(site, somebody, done);
  }

  it('waits until somebody allows it, then gets tokens once', async () => {
    const { config, device } = await ask();
    expect(await refusalOf(poll(config, device))).toBe('authorization_pending');
    // The library's own loop, which would ask every five seconds where nothing else is said.
    const waiting = oidc.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    expect((await answerDevice(device.user_code, { confirm: 'yes' })).status).toBe(200);
    const tokens = await waiting;
    expect(claimsOf(tokens)).toMatchObject({ aud: 'television', name: 'Dave Example' });
    expect(await refusalOf(poll(config, device))).toBe('invalid_grant');
  });

  it('learns that somebody refused', async () => {
    const { config, device } = await ask();
    await answerDevice(device.user_code, { abort: 'yes' });
    expect(await refusalOf(poll(config, device))).toBe('access_denied');
  });

  it('has ten minutes', async () => {
    const { config, device } = await ask();
    expect(device.expires_in).toBe(600);
    clock.advance(601_000);
    expect(await refusalOf(poll(config, device))).toBe('expired_token');
  });
});

describe('openid-client, exchanging tokens (RFC 8693)', () => {
  const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const JWT = 'urn:ietf:params:oauth:token-type:jwt';
  const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

  it("turns a platform's token into one for a service", async () => {
    const config = await discover('web');
    const tokens = await oidc.genericGrantRequest(config, GRANT, {
      subject_token: await site.platformToken(),
      subject_token_type: JWT,
      resource: ORDERS,
      scope: 'orders:read',
    });
    expect(tokens).toMatchObject({ issued_token_type: ACCESS_TOKEN, scope: 'orders:read' });
    expect(await atService(tokens.access_token, ORDERS)).toMatchObject({
      client_id: 'web',
      scope: 'orders:read',
    });
  });

  it("turns a platform's token into credentials, with which the AWS SDK says who it is", async () => {
    const config = await discover('web');
    const answer = await oidc.genericGrantRequest(config, GRANT, {
      subject_token: await site.platformToken(),
      subject_token_type: JWT,
      resource: DEPLOY,
    });
    const { AccessKeyId, SecretAccessKey, SessionToken } = credentialsSchema.parse(answer);
    const sts = new STSClient({
      endpoint: site.publicUrl,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      },
    });
    const { Arn } = await sts.send(new GetCallerIdentityCommand());
    expect(Arn).toMatch(/^arn:aws:sts::123456789012:assumed-role\/deploy\//);
  });

  it("turns a person's token into one for the next service, and gets nothing once they signed out", async () => {
    const somebody = { browser: site.browser(), person: 'erin-1' };
    const { config, tokens, claims } = await signIn('web', somebody, {
      resource: ORDERS,
      scope: 'openid orders:read',
    });
    const exchange = (): Promise<Tokens> =>
      oidc.genericGrantRequest(config, GRANT, {
        subject_token: tokens.access_token,
        subject_token_type: ACCESS_TOKEN,
        resource: REPORTS,
        scope: 'reports:read',
      });
    const { access_token } = await exchange();
    expect(await atService(access_token, REPORTS)).toMatchObject({ sub: claims.sub, scope: 'reports:read' });
    const page = await somebody.browser.visit(`${site.publicUrl}/signout`);
    await somebody.browser.submit(page, {}, '/signout');
    expect(await refusalOf(exchange())).toBe('invalid_request');
  });

  it('is refused what no policy allows, as if there were no such target', async () => {
    const config = await discover('web');
    const feature = await site.platformToken({ sub: 'repo:acme/app:ref:refs/heads/feature' });
    for (const resource of [ORDERS, DEPLOY, 'https://unknown.acme.example']) {
      const refused = oidc.genericGrantRequest(config, GRANT, {
        subject_token: feature,
        subject_token_type: JWT,
        resource,
      });
      expect(await refusalOf(refused), resource).toBe('invalid_target');
    }
  });
});

const credentialsSchema = z.looseObject({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
});

describe('openid-client, signing out', () => {
  it('ends the sign-in for all applications, which are told by logout tokens (OpenID Connect RP-Initiated and Back-Channel Logout)', async () => {
    const somebody = { browser: site.browser(), person: 'frank-1' };
    const web = await signIn('web', somebody);
    const partner = await signIn('partner', somebody);
    const post_logout_redirect_uri = signedOutOf('web', site.server.url);
    const url = oidc.buildEndSessionUrl(web.config, {
      id_token_hint: web.tokens.id_token ?? '',
      post_logout_redirect_uri,
      state: 'bye',
    });
    const page = await confirmLogout(somebody.browser, await somebody.browser.visit(url.href));
    expect(page.url).toBe(`${post_logout_redirect_uri}?state=bye`);
    const keys = createRemoteJWKSet(new URL(`${site.publicUrl}/oidc/jwks`));
    for (const { claims } of [web, partner]) {
      const audience = String(claims.aud);
      const tokens = (): readonly string[] =>
        site.server.logouts(audience).map((body) => body.get('logout_token') ?? '');
      await until(() => Promise.resolve(tokens().length > 0));
      const options = {
        issuer: site.publicUrl,
        audience,
        typ: 'logout+jwt',
        currentDate: new Date(Date.now()),
      };
      const { payload } = await jwtVerify(tokens().at(-1) ?? '', keys, options);
      expect(payload).toMatchObject({ sub: claims.sub, sid: claims['sid'] });
    }
    await expect(
      oidc.fetchUserInfo(partner.config, partner.tokens.access_token, partner.claims.sub),
    ).rejects.toThrow();
  });
});
