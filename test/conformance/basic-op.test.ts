import { hash, randomBytes } from 'node:crypto';
import { decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callbackOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  answered,
  authorize,
  codeRequest,
  passPages,
  redeem,
  refresh,
  requestToken,
  signInTo,
  TELL_SIGN_IN,
  userinfo,
  verifyToken,
} from '../support/code-flow.ts';
import { createPlan } from '../support/conformance-plan.ts';
import { shiftClock } from '../support/test-clock.ts';

// The modules of `oidcc-basic-certification-test-plan` in the OpenID conformance suite. Each test checks what its module
// checks, with one difference: the suite leaves PKCE to one module, and here no request goes without it.
const { module, doesNotApply, complete } = createPlan([
  'oidcc-server',
  'oidcc-response-type-missing',
  'oidcc-idtoken-signature',
  'oidcc-idtoken-unsigned',
  'oidcc-userinfo-get',
  'oidcc-userinfo-post-header',
  'oidcc-userinfo-post-body',
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow',
  'oidcc-scope-profile',
  'oidcc-scope-email',
  'oidcc-scope-address',
  'oidcc-scope-phone',
  'oidcc-scope-all',
  'oidcc-ensure-other-scope-order-succeeds',
  'oidcc-display-page',
  'oidcc-display-popup',
  'oidcc-prompt-login',
  'oidcc-prompt-none-not-logged-in',
  'oidcc-prompt-none-logged-in',
  'oidcc-max-age-1',
  'oidcc-max-age-10000',
  'oidcc-ensure-request-with-unknown-parameter-succeeds',
  'oidcc-id-token-hint',
  'oidcc-login-hint',
  'oidcc-ui-locales',
  'oidcc-claims-locales',
  'oidcc-ensure-request-with-acr-values-succeeds',
  'oidcc-codereuse',
  'oidcc-codereuse-30seconds',
  'oidcc-ensure-registered-redirect-uri',
  'oidcc-ensure-post-request-succeeds',
  'oidcc-server-client-secret-post',
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
  'oidcc-claims-essential',
  'oidcc-ensure-request-object-with-redirect-uri',
  'oidcc-refresh-token',
  'oidcc-ensure-request-with-valid-pkce-succeeds',
]);

const metadataSchema = z.looseObject({
  scopes_supported: z.array(z.string()),
  acr_values_supported: z.array(z.string()),
  grant_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
  request_object_signing_alg_values_supported: z.array(z.string()),
});

const clock = shiftClock();
let site: ApplicationSite;
let metadata: z.infer<typeof metadataSchema>;
beforeAll(async () => {
  site = await startApplicationSite();
  const response = await fetch(`${site.publicUrl}/.well-known/openid-configuration`);
  metadata = metadataSchema.parse(await response.json());
});
afterAll(async () => {
  await site.stop();
  clock.restore();
});

type Parameters = Readonly<Record<string, string>>;
const SECOND_MS = 1000;
/** Errors that tell that a page would have had to be shown (OpenID Connect Core 3.1.2.6). */
const NEEDS_PAGE = [
  'interaction_required',
  'login_required',
  'account_selection_required',
  'consent_required',
];

/** One sign-in by a browser of its own must be good. */
async function succeeds(more: Parameters): Promise<void> {
  const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web', more]);
  const answer = await userinfo(site, body.access_token);
  expect(answer).toMatchObject({ status: 200, body: { sub: claims.sub } });
}

/** Signs in, and again in the same browser, where nothing may be asked; both ID tokens must tell of the same sign-in. */
async function succeedsAtOnce(first: Parameters, again: (idToken: string) => Parameters): Promise<void> {
  const browser = site.browser();
  const { body, claims } = await signInTo(site, { browser }, ['web', { claims: TELL_SIGN_IN, ...first }]);
  clock.advance(2 * SECOND_MS);
  const request = await codeRequest(site, 'web', { claims: TELL_SIGN_IN, ...again(body.id_token) });
  const page = await browser.visit(request.url);
  const tokens = await redeem(site, answered(request, page));
  const second = await verifyToken(site, tokens.body.id_token, { audience: 'web' });
  expect(second.payload).toMatchObject({ sub: claims.sub, auth_time: z.number().parse(claims['auth_time']) });
}

/** Signs in, and again two seconds later, where a page must be shown; both `auth_time`s. */
async function asksAgain(more: Parameters): Promise<readonly [number, number]> {
  const browser = site.browser();
  const { claims } = await signInTo(site, { browser }, ['web', { claims: TELL_SIGN_IN }]);
  clock.advance(2 * SECOND_MS);
  const request = await codeRequest(site, 'web', { claims: TELL_SIGN_IN, ...more });
  const page = await browser.visit(request.url);
  expect(answered(request, page).answer.get('code')).toBeNull();
  const tokens = await redeem(site, answered(request, await passPages(site, { browser }, page)));
  const second = await verifyToken(site, tokens.body.id_token, { audience: 'web' });
  return [z.number().parse(claims['auth_time']), z.number().parse(second.payload['auth_time'])];
}

async function userinfoFor(more: Parameters): Promise<Readonly<Record<string, unknown>>> {
  const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web', more]);
  const answer = await userinfo(site, body.access_token);
  expect(answer).toMatchObject({ status: 200, body: { sub: claims.sub } });
  return answer.body;
}

describe('oidcc-basic-certification-test-plan', () => {
  module('oidcc-server', async () => {
    const request = await codeRequest(site, 'web');
    const callback = await authorize(site, { browser: site.browser() }, request);
    expect([...callback.answer.keys()].toSorted()).toEqual(['code', 'iss', 'state']);
    expect(callback.answer.get('state')).toBe(request.state);
    expect(callback.answer.get('iss')).toBe(site.publicUrl);
    // 128 bits (RFC 6749 10.10).
    expect(callback.answer.get('code')).toMatch(/^[\w-]{22,}$/);
    const { status, headers, body } = await redeem(site, callback);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(body).toMatchObject({ token_type: 'Bearer' });
    expect(body.expires_in).toBeGreaterThan(0);
    const { payload, protectedHeader } = await verifyToken(site, body.id_token, { audience: 'web' });
    const nowSeconds = Date.now() / SECOND_MS;
    expect(payload).toMatchObject({ iss: site.publicUrl, nonce: request.nonce });
    expect(payload.sub).toMatch(/^[\u0021-\u007e]{1,255}$/);
    expect(payload.exp).toBeGreaterThan(nowSeconds);
    expect(payload.iat).toBeLessThanOrEqual(nowSeconds);
    expect(protectedHeader.kid).toBeTruthy();
    const half = hash('sha256', body.access_token, 'buffer').subarray(0, 16).toString('base64url');
    expect([undefined, half]).toContain(payload['at_hash']);
    expect(await userinfo(site, body.access_token)).toMatchObject({
      status: 200,
      body: { sub: payload.sub },
    });
  });

  module('oidcc-response-type-missing', async () => {
    const request = await codeRequest(site, 'web', { response_type: '' });
    const { answer, page } = await authorize(site, { browser: site.browser() }, request);
    expect(page.url.startsWith(callbackOf('web', site.server.url))).toBe(true);
    expect(answer.get('error')).toMatch(/^(?:invalid_request|unsupported_response_type)$/);
    expect(answer.get('state')).toBe(request.state);
  });

  module('oidcc-idtoken-signature', async () => {
    const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
    const header = decodeProtectedHeader(body.id_token);
    expect(header).toMatchObject({ alg: 'RS256' });
    expect(header.kid).toBeTruthy();
  });

  doesNotApply('oidcc-idtoken-unsigned', 'every ID token is signed', () => {
    expect(metadata.id_token_signing_alg_values_supported).not.toContain('none');
  });

  module('oidcc-userinfo-get', async () => {
    const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web']);
    expect(await userinfo(site, body.access_token)).toMatchObject({ status: 200, body: { sub: claims.sub } });
  });

  module('oidcc-userinfo-post-header', async () => {
    const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web']);
    const response = await fetch(`${site.publicUrl}/oidc/userinfo`, {
      method: 'POST',
      headers: { authorization: `Bearer ${body.access_token}` },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ sub: claims.sub });
  });

  module('oidcc-userinfo-post-body', async () => {
    const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web']);
    const response = await fetch(`${site.publicUrl}/oidc/userinfo`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: body.access_token }),
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ sub: claims.sub });
  });

  module('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { answer } = await authorize(
      site,
      { browser: site.browser() },
      await codeRequest(site, 'web', { nonce: '' }),
    );
    expect(answer.get('code')).toBeTruthy();
  });

  module('oidcc-scope-profile', async () => {
    expect(await userinfoFor({ scope: 'openid profile' })).toMatchObject({ name: 'Alice Example' });
  });

  module('oidcc-scope-email', async () => {
    const claims = await userinfoFor({ scope: 'openid email' });
    expect(claims).toMatchObject({ email: 'alice@acme.example' });
    expect(claims).not.toHaveProperty('name');
  });

  for (const scope of ['address', 'phone'] as const)
    doesNotApply(`oidcc-scope-${scope}`, `the scope ${scope} is not offered`, () => {
      expect(metadata.scopes_supported).not.toContain(scope);
    });

  doesNotApply('oidcc-scope-all', 'it asks for address and phone as well', async () => {
    expect(metadata.scopes_supported).toEqual(expect.arrayContaining(['openid', 'profile', 'email']));
    // As for any provider that does not know them, they change nothing (OpenID Connect Core 3.1.2.1).
    await succeeds({ scope: 'openid profile email address phone' });
  });

  module('oidcc-ensure-other-scope-order-succeeds', async () => {
    expect(await userinfoFor({ scope: 'email openid' })).toMatchObject({ email: 'alice@acme.example' });
  });

  module('oidcc-display-page', () => succeeds({ display: 'page' }));
  module('oidcc-display-popup', () => succeeds({ display: 'popup' }));

  module('oidcc-prompt-login', async () => {
    const [first, second] = await asksAgain({ prompt: 'login' });
    expect(second).toBeGreaterThan(first);
  });

  module('oidcc-prompt-none-not-logged-in', async () => {
    // Long, to see that it comes back as it was.
    const state = randomBytes(96).toString('base64url');
    const request = await codeRequest(site, 'web', { prompt: 'none', state });
    const { answer } = answered(request, await site.browser().visit(request.url));
    expect(NEEDS_PAGE).toContain(answer.get('error'));
    expect(answer.get('state')).toBe(state);
    expect(answer.has('code')).toBe(false);
  });

  module('oidcc-prompt-none-logged-in', () => succeedsAtOnce({}, () => ({ prompt: 'none' })));

  module('oidcc-max-age-1', async () => {
    const [first, second] = await asksAgain({ max_age: '1' });
    expect(second).toBeGreaterThan(first);
    expect(Date.now() / SECOND_MS - second).toBeLessThan(60);
  });

  module('oidcc-max-age-10000', () => succeedsAtOnce({ max_age: '15000' }, () => ({ max_age: '10000' })));

  module('oidcc-ensure-request-with-unknown-parameter-succeeds', () => succeeds({ extra: 'foobar' }));

  module('oidcc-id-token-hint', () =>
    succeedsAtOnce({}, (id_token_hint) => ({ prompt: 'none', id_token_hint })),
  );

  module('oidcc-login-hint', () => succeeds({ login_hint: 'buffy@127.0.0.1' }));
  module('oidcc-ui-locales', () => succeeds({ ui_locales: 'se' }));
  module('oidcc-claims-locales', () => succeeds({ claims_locales: 'se' }));

  module('oidcc-ensure-request-with-acr-values-succeeds', async () => {
    const acrs = metadata.acr_values_supported;
    const more = { acr_values: acrs.join(' ') };
    const { claims } = await signInTo(site, { browser: site.browser() }, ['web', more]);
    expect(acrs).toContain(claims['acr']);
  });

  module('oidcc-codereuse', async () => {
    const callback = await authorize(site, { browser: site.browser() }, await codeRequest(site, 'web'));
    expect(await redeem(site, callback)).toMatchObject({ status: 200 });
    expect(await redeem(site, callback)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  module('oidcc-codereuse-30seconds', async () => {
    const callback = await authorize(site, { browser: site.browser() }, await codeRequest(site, 'web'));
    const { body } = await redeem(site, callback);
    clock.advance(30 * SECOND_MS);
    expect(await redeem(site, callback)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await userinfo(site, body.access_token)).toMatchObject({ status: 401 });
  });

  module('oidcc-ensure-registered-redirect-uri', async () => {
    const redirect_uri = `${callbackOf('web', site.server.url)}/${randomBytes(8).toString('hex')}`;
    const request = await codeRequest(site, 'web', { redirect_uri });
    const page = await site.browser().visit(request.url);
    expect(page.status).toBe(400);
    expect(new URL(page.url).origin).toBe(site.publicUrl);
    expect(page.html).toContain('<h1');
  });

  module('oidcc-ensure-post-request-succeeds', async () => {
    const browser = site.browser();
    const request = await codeRequest(site, 'web');
    const first = await browser.post(`${site.publicUrl}/oidc/authorize`, request.parameters);
    const tokens = await redeem(site, answered(request, await passPages(site, { browser }, first)));
    expect(tokens.status).toBe(200);
  });

  module('oidcc-server-client-secret-post', async () => {
    const { body, claims } = await signInTo(site, { browser: site.browser() }, ['post']);
    expect(await userinfo(site, body.access_token)).toMatchObject({ body: { sub: claims.sub } });
  });

  doesNotApply(
    'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported',
    'request objects are signed, and none is fetched',
    async () => {
      expect(metadata.request_object_signing_alg_values_supported).not.toContain('none');
      expect(metadata).toMatchObject({ request_uri_parameter_supported: false });
      const request = await codeRequest(site, 'web', { request_uri: `${site.server.url}/request.jwt` });
      const { answer } = answered(request, await site.browser().visit(request.url));
      expect(answer.has('code')).toBe(false);
    },
  );

  doesNotApply(
    'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported',
    'request objects are signed',
    async () => {
      expect(metadata.request_object_signing_alg_values_supported).not.toContain('none');
      const { parameters } = await codeRequest(site, 'web');
      const object = new UnsecuredJWT({ ...parameters, iss: 'web', aud: site.publicUrl }).encode();
      const request = await codeRequest(site, 'web', { request: object });
      const { answer } = answered(request, await site.browser().visit(request.url));
      expect(answer.has('code')).toBe(false);
    },
  );

  module('oidcc-claims-essential', async () => {
    const claims = JSON.stringify({ userinfo: { name: { essential: true } } });
    expect(await userinfoFor({ scope: 'openid', claims })).toMatchObject({ name: 'Alice Example' });
  });

  // The suite's object is unsigned, which is never accepted here; a signed one stands for it.
  module('oidcc-ensure-request-object-with-redirect-uri', async () => {
    const { parameters, ...kept } = await codeRequest(site, 'keys');
    const object = await new SignJWT({ ...parameters, iss: 'keys', aud: site.publicUrl })
      .setProtectedHeader({ alg: 'ES256', kid: site.clientKey.kid, typ: 'oauth-authz-req+jwt' })
      .setIssuedAt(new Date(Date.now()))
      .setExpirationTime(new Date(Date.now() + 60_000))
      .sign(site.clientKey.key);
    const outer = { ...parameters, redirect_uri: 'https://elsewhere.example/callback', request: object };
    const url = `${site.publicUrl}/oidc/authorize?${new URLSearchParams(outer).toString()}`;
    const callback = await authorize(site, { browser: site.browser() }, { ...kept, parameters, url });
    expect(callback.page.url.startsWith(callbackOf('keys', site.server.url))).toBe(true);
    expect(await redeem(site, callback)).toMatchObject({ status: 200 });
  });

  module('oidcc-refresh-token', async () => {
    expect(metadata.grant_types_supported).toContain('refresh_token');
    const more = { scope: 'openid offline_access', prompt: 'consent' };
    const { body, claims } = await signInTo(site, { browser: site.browser() }, ['web', more]);
    expect(body.refresh_token).toMatch(/^[\u0020-\u007e]{22,}$/);
    clock.advance(SECOND_MS);
    const second = await refresh(site, 'web', body.refresh_token);
    expect(second).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(second.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(second.headers.get('cache-control')).toContain('no-store');
    expect(second.body.access_token).not.toBe(body.access_token);
    const { payload } = await verifyToken(site, second.body.id_token, { audience: 'web' });
    for (const claim of ['iss', 'sub', 'aud', 'azp', 'auth_time'])
      expect(payload[claim], claim).toEqual(claims[claim]);
    expect(payload.iat).toBeGreaterThan(claims.iat ?? 0);
    const refused = await refresh(site, 'post', second.body.refresh_token);
    expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  module('oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
    const { status } = await signInTo(site, { browser: site.browser() }, ['web']);
    expect(status).toBe(200);
  });

  complete();
});

describe('beyond the plan', () => {
  it('refuses a request without PKCE, and with the verifier as its own challenge (RFC 7636 4.4.1, RFC 9700 2.1.1)', async () => {
    for (const more of [
      { code_challenge: '', code_challenge_method: '' },
      { code_challenge_method: 'plain' },
      { code_challenge_method: '' },
    ]) {
      const request = await codeRequest(site, 'web', more);
      const { answer } = answered(request, await site.browser().visit(request.url));
      expect(answer.get('error')).toBe('invalid_request');
    }
  });

  it('refuses a code with another verifier, or none (RFC 7636 4.6)', async () => {
    for (const verifier of ['x'.repeat(43), '']) {
      const request = await codeRequest(site, 'web');
      const { answer } = await authorize(site, { browser: site.browser() }, request);
      const refused = await requestToken(site, 'web', {
        grant_type: 'authorization_code',
        code: answer.get('code') ?? '',
        redirect_uri: callbackOf('web', site.server.url),
        ...(verifier === '' ? {} : { code_verifier: verifier }),
      });
      expect(refused).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  });
});
