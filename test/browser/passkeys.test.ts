import { createServer, type Server } from 'node:http';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import {
  addApp,
  codeOf,
  confirmWith,
  getCredentials,
  saveCodes,
  sdkFrom,
  signInBy,
  whoAmI,
} from '../support/journey-steps.ts';
import { ADMIN, startSignInSite, type SignInSite } from '../support/sign-in-site.ts';
import { visit, type Visit } from '../support/visit.ts';

const ASSUMED = /^arn:aws:sts::123456789012:assumed-role\/production-admin\//;

let browser: Browser;
let site: SignInSite;
let elsewhere: Server;
beforeAll(async () => {
  [browser, site] = await Promise.all([startChromium(), startSignInSite({ presets: ['generic'] })]);
  elsewhere = createServer((_, response) => response.end('<!doctype html><title>Elsewhere</title>'));
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await browser.close();
  await site.stop();
  elsewhere.close();
});

type Authenticator = { readonly devTools: CDPSession; readonly id: string };

async function plugIn(page: Page): Promise<Authenticator> {
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('WebAuthn.enable');
  const { authenticatorId: id } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  return { devTools, id };
}

function inBrowser(use: (one: Visit) => Promise<void>): Promise<void> {
  return visit(browser, { site: site.bridge.url }, use);
}

async function comeForAdmin({ page }: Visit, person: string): Promise<void> {
  await page.goto(`${site.bridge.url}/roles/${encodeURIComponent(ADMIN)}`);
  await signInBy(page, 'generic', person);
  await getCredentials(page);
}

async function addPasskey(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Set up a passkey' }).click();
  await page.getByRole('button', { name: 'Create a passkey' }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
}

function elsewhereAt(host: string): string {
  const address = elsewhere.address();
  return `http://${host}:${typeof address === 'object' && address ? address.port : 0}`;
}

const POST_RESPONSE = `(form, response) => {
  form.elements.response.value = response;
  form.submit();
}`;

/** What a page of somebody else gets when it passes our own request for a passkey on to the browser. */
function askElsewhere(page: Page, optionsJson: string): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${optionsJson});
    try {
      return JSON.stringify((await navigator.credentials.get({ publicKey })).toJSON());
    } catch (error) {
      return error.name;
    }
  })()`);
}

/** Why proofs were refused so far. */
function refusalsIn({ bridge }: SignInSite): readonly string[] {
  const lines = bridge
    .output()
    .stdout.split('\n')
    .filter((line) => line.includes('"MfaVerify"'));
  return lines.flatMap((line) => /"errorCode":"([^"]*)"/.exec(line)?.[1] ?? []);
}

describe('a passkey in Chromium', { timeout: 60_000 }, () => {
  it('is set up, opens a role, and is asked for at the next sign-in', async () => {
    await inBrowser(async (one) => {
      const { page, look } = one;
      await plugIn(page);
      await comeForAdmin(one, 'Alice Example');
      await page.getByRole('link', { name: 'Set up a passkey' }).click();
      await look();
      await page.getByLabel('Name').fill('My laptop');
      await page.getByRole('button', { name: 'Create a passkey' }).click();
      await saveCodes(page);
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
      await signOut(page);
      await comeForAdmin(one, 'Alice Example');
      await look();
      await page.getByRole('button', { name: 'Use your passkey' }).click();
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
      await page.getByRole('link', { name: 'Second factors' }).click();
      await page.getByRole('heading', { name: 'My laptop' }).waitFor();
      await page.goto(`${site.bridge.url}/sessions`);
      await page.getByText('Confirmed with a passkey').waitFor();
      await look();
    });
  });

  it('is renamed, and removed only when there is another factor', async () => {
    await inBrowser(async (one) => {
      const { page, look } = one;
      await plugIn(page);
      await comeForAdmin(one, 'Bob Example');
      await addPasskey(page);
      await saveCodes(page);
      await page.getByRole('link', { name: 'Second factors' }).click();
      await page.getByText('Rename', { exact: true }).click();
      await page.getByRole('textbox', { name: 'Name' }).fill('<b>Küchentisch</b>');
      await page.getByRole('button', { name: 'Save the name' }).click();
      await page.getByText('The new name is saved').waitFor();
      await page.getByRole('heading', { name: '<b>Küchentisch</b>' }).waitFor();
      await page.getByText('Remove', { exact: true }).click();
      await page.getByText('The last one cannot be removed').waitFor();
      await page.getByRole('link', { name: 'Add a second factor' }).click();
      await page.getByRole('link', { name: 'Set up an app' }).click();
      await addApp(page);
      await page.getByText('It is added').waitFor();
      await look();
      await page.getByText('Remove', { exact: true }).first().click();
      await page.getByRole('button', { name: 'Remove it' }).click();
      await page.getByText('It is removed').waitFor();
      expect(await page.getByRole('heading', { name: 'Küchentisch' }).count()).toBe(0);
    });
  });

  it('that is not given ends in words, and another way is open', async () => {
    await inBrowser(async (one) => {
      const { page } = one;
      const { devTools, id: authenticatorId } = await plugIn(page);
      await comeForAdmin(one, 'Carol Example');
      await addPasskey(page);
      const [code = ''] = await saveCodes(page);
      await signOut(page);
      await comeForAdmin(one, 'Carol Example');
      await devTools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
      await page.getByRole('button', { name: 'Use your passkey' }).click();
      await page.getByText('That was cancelled or took too long').waitFor();
      await page.getByRole('link', { name: 'Use a recovery code' }).click();
      await confirmWith(page, code);
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
    });
  });

  it('of this site is worth nothing on another one', async () => {
    await inBrowser(async (one) => {
      const { page } = one;
      await plugIn(page);
      await comeForAdmin(one, 'Dave Example');
      await addPasskey(page);
      await saveCodes(page);
      await signOut(page);
      // Somebody who has the first factor asks, and passes our question on to the person.
      const thief = await one.openTab();
      await comeForAdmin({ ...one, page: thief }, 'Dave Example');
      const form = thief.locator('form[data-passkey]');
      const options = (await form.getAttribute('data-options')) ?? '';
      // Another address: the browser refuses.
      await page.goto(elsewhereAt('127.0.0.1'));
      expect(await askElsewhere(page, options)).toBe('SecurityError');
      // Another port of the same host name: the browser does it, and says where it was asked.
      await page.goto(elsewhereAt('localhost'));
      const stolen = await askElsewhere(page, options);
      expect(stolen).toContain('clientDataJSON');
      await thief.evaluate(
        `(${POST_RESPONSE})(document.querySelector('form[data-passkey]'), ${JSON.stringify(stolen)})`,
      );
      await thief.getByText('That passkey was not accepted').waitFor();
      await expect.poll(() => refusalsIn(site), { timeout: 5_000 }).toEqual(['factor-refused']);
      await one.look(thief);
    });
  });

  it('cannot be asked for without scripts, and the page says so and offers the app', async () => {
    const known = { secret: '' };
    await inBrowser(async (one) => {
      const { page } = one;
      await plugIn(page);
      await comeForAdmin(one, 'Erin Example');
      await addPasskey(page);
      await saveCodes(page);
      await page.goto(`${site.bridge.url}/mfa/add/totp`);
      known.secret = await addApp(page);
      await page.getByText('It is added').waitFor();
    });
    await visit(browser, { site: site.bridge.url, javaScriptEnabled: false }, async (one) => {
      const { page, look } = one;
      await comeForAdmin(one, 'Erin Example');
      // In a <noscript>, which is no text to locators.
      expect(await page.innerText('main')).toContain('Passkeys need JavaScript');
      await look();
      await page.getByRole('link', { name: 'Use a code from your app' }).click();
      await confirmWith(page, codeOf(known.secret, { stepsAhead: 1 }));
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
    });
  });
});
