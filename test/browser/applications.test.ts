import type { JWTPayload } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { signedOutOf, type ClientName } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { startChromium } from '../support/chromium.ts';
import { codeRequest, redeem, requestToken, verifyToken, type CodeRequest } from '../support/code-flow.ts';
import { addApp, codeOf, confirmWith, saveCodes } from '../support/journey-steps.ts';
import { shiftClock, type TestClock } from '../support/test-clock.ts';
import { visit, type Visit } from '../support/visit.ts';

const MFA = 'urn:rolebridge:acr:mfa';

let browser: Browser;
let site: ApplicationSite;
let clock: TestClock;
beforeAll(async () => {
  clock = shiftClock();
  [browser, site] = await Promise.all([startChromium(), startApplicationSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
  clock.restore();
});

// Each mode has people of its own: who has a second factor is known to the bridge from then on.
const MODES = [
  {
    mode: 'with scripts',
    javaScriptEnabled: true,
    person: 'Alice Example',
    guarded: 'Carol Example',
    other: 'Erin Example',
  },
  {
    mode: 'without scripts',
    javaScriptEnabled: false,
    person: 'Bob Example',
    guarded: 'Dave Example',
    other: 'Frank Example',
  },
] as const;
type Mode = (typeof MODES)[number];

function inBrowser({ javaScriptEnabled }: Mode, use: (one: Visit) => Promise<void>): Promise<void> {
  return visit(browser, { site: site.publicUrl, javaScriptEnabled }, use);
}

/** Of the bridge, which is in this process; the browser's goes on as it does. */
function pass(seconds: number): void {
  clock.advance(seconds * 1000);
}

/** Where an application's request leads to a person who is nobody yet, or somebody. */
async function comeFrom(
  page: Page,
  client: ClientName,
  more: Readonly<Record<string, string>> = {},
): Promise<CodeRequest> {
  const request = await codeRequest(site, client, more);
  await page.goto(request.url);
  return request;
}

/** What came back to the application; without a code, with why. */
async function broughtBack(page: Page): Promise<URLSearchParams> {
  await page.waitForURL(`${site.server.url}/callback/**`);
  return new URL(page.url()).searchParams;
}

/** What the application reads in the ID token. */
async function claimsOf(page: Page, request: CodeRequest): Promise<JWTPayload> {
  return (await idTokenOf(page, request)).claims;
}

async function idTokenOf(page: Page, request: CodeRequest) {
  const answer = await broughtBack(page);
  expect(answer.get('error')).toBeNull();
  const { status, body } = await redeem(site, { request, answer, page: NO_PAGE });
  expect(status).toBe(200);
  const { payload } = await verifyToken(site, body.id_token, { audience: request.client });
  return { claims: payload, idToken: body.id_token };
}

/** There is one provider only, so that nobody is asked for it. */
async function signInAs(page: Page, person: string): Promise<void> {
  await page.getByRole('button', { name: person }).click();
}

const NO_PAGE = { url: '', status: 0, html: '', fields: {} };

const deviceAnswer = z.looseObject({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
});

async function startDevice() {
  const form = { scope: 'openid profile email' };
  const { body } = await requestToken(site, 'television', form, { path: '/oidc/device_authorization' });
  const { device_code: deviceCode, user_code: userCode, ...links } = deviceAnswer.parse(body);
  return { deviceCode, userCode, link: links.verification_uri_complete };
}

async function poll(deviceCode: string) {
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: deviceCode };
  return (await requestToken(site, 'television', form)).body;
}

async function typeCode(page: Page, userCode: string): Promise<void> {
  await page.getByLabel('Code', { exact: true }).fill(userCode);
  await page.getByRole('button', { name: 'Continue' }).click();
}

const QUESTION = 'Did you start this on your own device?';

describe.each(MODES)('at a device, in Chromium $mode (RFC 8628)', { timeout: 60_000 }, (mode) => {
  it('somebody types the code as it comes, is asked, allows it once, and the device is signed in', async () => {
    const { deviceCode, userCode } = await startDevice();
    expect((await poll(deviceCode)).error).toBe('authorization_pending');
    await inBrowser(mode, async ({ page, look }) => {
      await page.goto(`${site.publicUrl}/device`);
      await signInAs(page, mode.person);
      await page.getByRole('heading', { name: 'Sign in on a device' }).waitFor();
      await look();
      await typeCode(page, ` ${userCode.toLowerCase().replace('-', ' ')} `);
      await page.getByRole('heading', { name: QUESTION }).waitFor();
      expect(await page.innerText('main')).toMatch(/Acme television[^]*127\.0\.0\.1/);
      expect(await page.innerText('main')).toContain(userCode);
      await look();
      expect((await poll(deviceCode)).error).toBe('authorization_pending');
      await page.getByRole('button', { name: 'Yes, allow it' }).click();
      await page.getByRole('heading', { name: 'Go on at your device' }).waitFor();
      await look();
      expect((await poll(deviceCode)).id_token).not.toBe('');
      expect((await poll(deviceCode)).error).toBe('invalid_grant');
      await page.goto(`${site.publicUrl}/device`);
      await typeCode(page, userCode);
      await page.getByText(/used already|not known/).waitFor();
      await look();
    });
  });

  it('a link that brings the code asks all the same, and what is denied stays out', async () => {
    const { deviceCode, link } = await startDevice();
    await inBrowser(mode, async ({ page, look }) => {
      await page.goto(link);
      await signInAs(page, mode.person);
      // Scripts or not: nothing is opened by a link alone.
      await page.getByRole('heading', { name: /on your own device|Sign in on a device/ }).waitFor();
      expect((await poll(deviceCode)).error).toBe('authorization_pending');
      const next = page.getByRole('button', { name: 'Continue' });
      if (await next.isVisible()) await next.click();
      await page.getByRole('heading', { name: QUESTION }).waitFor();
      await page.getByRole('button', { name: 'No, deny it' }).click();
      await page.getByText('Denied. That device was not let in').waitFor();
      await look();
      expect((await poll(deviceCode)).error).toBe('access_denied');
    });
  });

  it('a code that is wrong, or has expired, is said to be', async () => {
    const { deviceCode, userCode } = await startDevice();
    await inBrowser(mode, async ({ page, look }) => {
      await page.goto(`${site.publicUrl}/device`);
      await signInAs(page, mode.person);
      await typeCode(page, 'BBBB-BBBB');
      await page.getByText('This code is not known').waitFor();
      await look();
      pass(601);
      await typeCode(page, userCode);
      await page.getByText(/This code has expired|This code is not known/).waitFor();
      expect((await poll(deviceCode)).error).toMatch(/^(?:expired_token|invalid_grant)$/);
    });
  });
});

describe.each(MODES)(
  'an application that wants to be surer, in Chromium $mode',
  { timeout: 60_000 },
  (mode) => {
    it('leads by acr_values to a second factor, once (OpenID Connect Core 3.1.2.1)', async () => {
      await inBrowser(mode, async ({ page, look }) => {
        const plain = await comeFrom(page, 'web');
        await signInAs(page, mode.guarded);
        expect(await claimsOf(page, plain)).toMatchObject({ acr: 'urn:rolebridge:acr:sign-in' });
        const first = await comeFrom(page, 'web', { acr_values: MFA });
        await look();
        await page.getByRole('link', { name: 'Set up an app' }).click();
        const secret = await addApp(page);
        await saveCodes(page);
        expect(await claimsOf(page, first)).toMatchObject({ acr: MFA });
        expect(await claimsOf(page, await comeFrom(page, 'web', { acr_values: MFA }))).toMatchObject({
          acr: MFA,
        });
        // Too long ago: to confirm again is enough, nobody need sign in anew.
        pass(300);
        const aged = await comeFrom(page, 'web', { acr_values: MFA, max_age: '60' });
        await look();
        await confirmWith(page, codeOf(secret));
        const { auth_time: authTime } = await claimsOf(page, aged);
        expect(Math.abs(Number(authTime) - Date.now() / 1000)).toBeLessThan(30);
      });
    });

    it('leads by max_age to a new sign-in, and by prompt=login to one each time', async () => {
      await inBrowser(mode, async ({ page }) => {
        const first = await comeFrom(page, 'web');
        await signInAs(page, mode.other);
        await claimsOf(page, first);
        expect(await claimsOf(page, await comeFrom(page, 'web', { max_age: '60' }))).toBeDefined();
        pass(120);
        const aged = await comeFrom(page, 'web', { max_age: '60' });
        await signInAs(page, mode.other);
        const { auth_time: authTime } = await claimsOf(page, aged);
        expect(Number(authTime)).toBeGreaterThan(Date.now() / 1000 - 30);
        const again = await comeFrom(page, 'web', { prompt: 'login' });
        await signInAs(page, mode.other);
        await claimsOf(page, again);
      });
    });
  },
);

describe.each(MODES)('an application of somebody else, in Chromium $mode', { timeout: 60_000 }, (mode) => {
  it('is told nothing before somebody allows it, and then once for all of the sign-in', async () => {
    await inBrowser(mode, async ({ page, look }) => {
      const request = await comeFrom(page, 'partner');
      await signInAs(page, mode.other);
      await page.getByRole('heading', { name: 'Sign in to Acme partner?' }).waitFor();
      expect(await page.innerText('main')).toContain(site.server.url);
      await look();
      await page.getByRole('button', { name: 'Allow' }).click();
      expect(await claimsOf(page, request)).toMatchObject({ name: mode.other });
      expect(await claimsOf(page, await comeFrom(page, 'partner'))).toBeDefined();
      await page.goBack();
      await page.goBack();
      // Whatever is shown there, a second answer to the same question gives no second code.
      const allow = page.getByRole('button', { name: 'Allow' });
      if (page.url().startsWith(site.publicUrl) && (await allow.isVisible())) {
        await allow.click();
        await page.getByRole('heading', { name: 'This request of the application has run out' }).waitFor();
        await look();
      }
    });
  });

  it('hears of a denial, and of nothing else', async () => {
    await inBrowser(mode, async ({ page }) => {
      const { state } = await comeFrom(page, 'partner');
      await signInAs(page, mode.other);
      await page.getByRole('button', { name: 'Deny' }).click();
      const answer = await broughtBack(page);
      expect([...answer.keys()].toSorted()).toEqual(['error', 'error_description', 'iss', 'state']);
      expect(answer.get('error')).toBe('access_denied');
      expect(answer.get('state')).toBe(state);
    });
  });

  it('is answered in two tabs at once', async () => {
    await inBrowser(mode, async ({ page, openTab }) => {
      const tab = await openTab();
      const first = await comeFrom(page, 'web');
      const second = await comeFrom(tab, 'partner');
      await signInAs(page, mode.other);
      await claimsOf(page, first);
      await signInAs(tab, mode.other);
      await tab.getByRole('button', { name: 'Allow' }).click();
      await claimsOf(tab, second);
    });
  });

  it('that waited too long, or asks for what it may not, leads to a page that says so', async () => {
    await inBrowser(mode, async ({ page, look, openTab }) => {
      await comeFrom(page, 'partner');
      await signInAs(page, mode.other);
      await page.getByRole('heading', { name: 'Sign in to Acme partner?' }).waitFor();
      // Half of the time in another tab, so that the sign-in itself lives on.
      pass(2000);
      await (await openTab()).goto(`${site.publicUrl}/roles`);
      pass(2000);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('heading', { name: 'This request of the application has run out' }).waitFor();
      await look();
      await comeFrom(page, 'web', { redirect_uri: `${site.server.url}/callback/partner` });
      await page.getByRole('heading', { name: 'The application asked for something it may not' }).waitFor();
      await look();
    });
  });
});

describe.each(MODES)(
  'a sign-out that an application asks for, in Chromium $mode',
  { timeout: 60_000 },
  (mode) => {
    it('asks first, ends the sign-in everywhere, and leads back (RP-Initiated Logout 2, 3)', async () => {
      await inBrowser(mode, async ({ page, look }) => {
        const request = await comeFrom(page, 'web');
        await signInAs(page, mode.other);
        const { idToken } = await idTokenOf(page, request);
        const back = signedOutOf('web', site.server.url);
        const query = new URLSearchParams({
          id_token_hint: idToken,
          post_logout_redirect_uri: back,
          state: 'af0ifjs',
        });
        const logout = `${site.publicUrl}/oidc/logout?${query.toString()}`;
        const before = site.server.logouts('web').length;
        await page.goto(logout);
        await page.getByText('Acme web asks to sign you out.').waitFor();
        await look();
        await page.getByRole('button', { name: /stay/i }).click();
        // Whoever stays is still signed in, and nobody heard of anything.
        expect(await claimsOf(page, await comeFrom(page, 'web'))).toBeDefined();
        expect(site.server.logouts('web')).toHaveLength(before);
        await page.goto(logout);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.waitForURL(`${back}?state=af0ifjs`);
        await vi.waitFor(() => {
          expect(site.server.logouts('web')).toHaveLength(before + 1);
        });
        await comeFrom(page, 'web');
        await page.getByRole('button', { name: mode.other }).waitFor();
      });
    });
  },
);
