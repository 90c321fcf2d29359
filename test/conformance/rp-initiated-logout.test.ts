import { randomBytes } from 'node:crypto';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { signedOutOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { answered, codeRequest, signInTo, userinfo } from '../support/code-flow.ts';
import { createPlan } from '../support/conformance-plan.ts';
import type { FormBrowser, Page } from '../support/form-browser.ts';
import { confirmLogout, logoutUrl } from '../support/logout-flow.ts';

// The modules of `oidcc-rp-initiated-logout-certification-test-plan` in the OpenID conformance suite.
const { module, complete } = createPlan([
  'oidcc-rp-initiated-logout-discovery-endpoint-verification',
  'oidcc-rp-initiated-logout',
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-modified-id-token-hint',
  'oidcc-rp-initiated-logout-no-id-token-hint',
  'oidcc-rp-initiated-logout-no-params',
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-no-state',
  'oidcc-rp-initiated-logout-only-state',
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri',
  'oidcc-rp-initiated-logout-bad-id-token-hint',
]);

let site: ApplicationSite;
let returnTo: string;
beforeAll(async () => {
  site = await startApplicationSite();
  returnTo = signedOutOf('web', site.server.url);
});
afterAll(async () => {
  await site.stop();
});

type Signed = {
  readonly browser: FormBrowser;
  readonly idToken: string;
  readonly accessToken: string;
  readonly claims: Readonly<Record<string, unknown>>;
};

async function signIn(): Promise<Signed> {
  const browser = site.browser();
  const { body, claims } = await signInTo(site, { browser }, ['web']);
  return { browser, idToken: body.id_token, accessToken: body.access_token, claims };
}

/** Whether the browser gets a code without being asked for anything. */
async function isSignedIn(browser: FormBrowser): Promise<boolean> {
  const request = await codeRequest(site, 'web', { prompt: 'none' });
  const { answer } = answered(request, await browser.visit(request.url));
  const error = answer.get('error');
  if (error !== null) expect(error).toBe('login_required');
  return answer.has('code');
}

/** A page of ours, which leads nobody away. */
function expectOurPage({ url }: Page): void {
  expect(new URL(url).origin).toBe(site.publicUrl);
}

/** Signs out where the address of the application may not be used, or is not given; the sign-in ends all the same. */
async function endsHere(parameters: (signed: Signed) => Readonly<Record<string, string>>): Promise<void> {
  const signed = await signIn();
  const asked = await signed.browser.visit(logoutUrl(site, parameters(signed)));
  expectOurPage(asked);
  expect(await isSignedIn(signed.browser)).toBe(true);
  const thief = signed.browser.copy();
  const done = await confirmLogout(signed.browser, asked);
  expectOurPage(done);
  expect(done.status).toBe(200);
  expect(await isSignedIn(signed.browser)).toBe(false);
  expect(await isSignedIn(thief)).toBe(false);
}

/** An error page, and nothing ends. */
async function refuses(
  parameters: (
    signed: Signed,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
): Promise<void> {
  const signed = await signIn();
  const page = await signed.browser.visit(logoutUrl(site, await parameters(signed)));
  expectOurPage(page);
  expect(page.status).toBe(400);
  expect(page.html).not.toContain('name="logout"');
  expect(await isSignedIn(signed.browser)).toBe(true);
}

/** Signs out and comes back to the application, with nothing in the address that was not asked for. */
async function comesBack(state: string): Promise<void> {
  const { browser, idToken, accessToken } = await signIn();
  const asked = { id_token_hint: idToken, post_logout_redirect_uri: returnTo, state };
  const thief = browser.copy();
  const page = await confirmLogout(browser, await browser.visit(logoutUrl(site, asked)));
  expect(page.url.split('?')[0]).toBe(returnTo);
  expect(Object.fromEntries(new URL(page.url).searchParams)).toEqual(state === '' ? {} : { state });
  expect(await isSignedIn(browser)).toBe(false);
  expect(await isSignedIn(thief)).toBe(false);
  expect(await userinfo(site, accessToken)).toMatchObject({ status: 401 });
}

// Long, to see that it comes back as it was.
const STATE = randomBytes(96).toString('base64url');

describe('oidcc-rp-initiated-logout-certification-test-plan', () => {
  module('oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    const response = await fetch(`${site.publicUrl}/.well-known/openid-configuration`);
    const metadata = z.looseObject({ end_session_endpoint: z.url() }).parse(await response.json());
    // `config-op.test.ts` sees that all are https where the public URL is.
    expect(metadata.end_session_endpoint).toBe(`${site.publicUrl}/oidc/logout`);
  });

  module('oidcc-rp-initiated-logout', () => comesBack(STATE));
  module('oidcc-rp-initiated-logout-no-state', () => comesBack(''));

  module('oidcc-rp-initiated-logout-bad-post-logout-redirect-uri', () =>
    refuses(({ idToken }) => ({
      id_token_hint: idToken,
      post_logout_redirect_uri: `${returnTo}/elsewhere`,
      state: STATE,
    })),
  );

  module('oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri', () =>
    refuses(({ idToken }) => ({
      id_token_hint: idToken,
      post_logout_redirect_uri: `${returnTo}?foo=bar`,
      state: STATE,
    })),
  );

  module('oidcc-rp-initiated-logout-modified-id-token-hint', () =>
    refuses(({ claims }) => ({
      id_token_hint: new UnsecuredJWT({ ...claims }).encode(),
      post_logout_redirect_uri: returnTo,
      state: STATE,
    })),
  );

  module('oidcc-rp-initiated-logout-bad-id-token-hint', () =>
    refuses(async ({ claims }) => {
      const { privateKey } = await generateKeyPair('RS256');
      const forged = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256' });
      return {
        id_token_hint: await forged.sign(privateKey),
        post_logout_redirect_uri: returnTo,
        state: STATE,
      };
    }),
  );

  // An error page or a question would do; without the hint nobody knows whose address it is.
  module('oidcc-rp-initiated-logout-no-id-token-hint', async () => {
    const { browser } = await signIn();
    const page = await browser.visit(logoutUrl(site, { post_logout_redirect_uri: returnTo, state: STATE }));
    expectOurPage(page);
    expect(await isSignedIn(browser)).toBe(true);
  });

  module('oidcc-rp-initiated-logout-no-params', () => endsHere(() => ({})));
  module('oidcc-rp-initiated-logout-only-state', () => endsHere(() => ({ state: STATE })));
  module('oidcc-rp-initiated-logout-no-post-logout-redirect-uri', () =>
    endsHere(({ idToken }) => ({ id_token_hint: idToken, state: STATE })),
  );

  complete();
});

describe('beyond the plan', () => {
  it('leaves somebody signed in who says no', async () => {
    const { browser, idToken } = await signIn();
    const asked = { id_token_hint: idToken, post_logout_redirect_uri: returnTo };
    const page = await browser.visit(logoutUrl(site, asked));
    await browser.submit(page, {}, '/oidc/logout');
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('takes no yes without the token of its own page', async () => {
    const { browser, idToken } = await signIn();
    const asked = await browser.visit(logoutUrl(site, { id_token_hint: idToken }));
    for (const forged of ['', 'x'.repeat(43)])
      await browser.submit(asked, { logout: 'yes', xsrf: forged }, '/oidc/logout');
    expect(await isSignedIn(browser)).toBe(true);
  });
});
