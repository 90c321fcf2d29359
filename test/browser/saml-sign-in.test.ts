import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { startChromium } from '../support/chromium.ts';
import { announceMissing } from '../support/foreign-client.ts';
import { addApp, getCredentials, saveCodes, sdkFrom, whoAmI } from '../support/journey-steps.ts';
import { ADMIN, displayNameOf, roles, samlProvider } from '../support/sign-in-site.ts';
import { findSimpleSamlPhp, startSimpleSamlPhp, type SimpleSamlPhp } from '../support/simplesamlphp.ts';
import { visit } from '../support/visit.ts';

const program = findSimpleSamlPhp();
if (program === undefined)
  announceMissing('SimpleSAMLphp cannot be fetched with apt-get', 'the browser tests with SimpleSAMLphp are');

describe.skipIf(program === undefined)(
  'a person in Chromium, with SimpleSAMLphp',
  { timeout: 60_000 },
  () => {
    let idp: SimpleSamlPhp;
    let bridge: BridgeProcess;
    let browser: Browser;
    beforeAll(async () => {
      if (program === undefined) throw new Error('there is none');
      idp = await startSimpleSamlPhp(program, {
        entityId: 'https://ssp.example.com/idp',
        settings: { 'validate.authnrequest': true, 'sign.logout': true, 'validate.logout': true },
        attributes: { uid: ['alice'] },
      });
      bridge = await startBridgeProcess({ config: JSON.stringify(configuration(idp.metadataUrl)) });
      idp.trust(await (await fetch(`${bridge.url}/saml/ssp/metadata`)).text());
      browser = await startChromium();
    });
    afterAll(async () => {
      await browser.close();
      await bridge.stop();
      idp.stop();
    });

    /** Without scripts a person presses the button of each page that only passes something on. */
    const passOn = async (page: Page, until: string): Promise<void> => {
      const goal = page.getByRole('heading', { name: until });
      const button = page.locator('form [type=submit]:visible').first();
      for (let pages = 0; pages < 3; pages += 1) {
        await goal.or(button).first().waitFor();
        if (await goal.isVisible()) return;
        await button.click();
      }
      await goal.waitFor();
    };
    // There is one provider: nobody is asked which.
    const signIn = async (page: Page): Promise<void> => {
      await page.goto(`${bridge.url}/roles/${encodeURIComponent(ADMIN)}`);
    };

    it('signs in, adds an app, has credentials that work, and signs out in both places', async () => {
      await visit(browser, { site: bridge.url }, async ({ page, context }) => {
        await signIn(page);
        await page.getByRole('heading', { name: 'production-admin' }).waitFor();
        expect(await ourCookies(context, bridge.url)).toEqual(['rolebridge-provider', 'rolebridge-session']);
        await getCredentials(page);
        // It is reached by its address here.
        await page.getByText('passkeys need a host name').waitFor();
        await page.getByRole('link', { name: 'Set up an app' }).click();
        await addApp(page);
        await saveCodes(page);
        await getCredentials(page);
        expect(await whoAmI(await sdkFrom(page))).toMatch(/:assumed-role\/production-admin\/alice$/);
        await page.getByRole('link', { name: 'Sign out' }).click();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByText(`signed out at ${displayNameOf('ssp')}, too`).waitFor();
      });
    });

    it('signs in and out without scripts', async () => {
      await visit(browser, { site: bridge.url, javaScriptEnabled: false }, async ({ page }) => {
        await signIn(page);
        await passOn(page, 'production-admin');
        await page.getByRole('link', { name: 'Sign out' }).click();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await passOn(page, 'You are signed out');
      });
    });

    it('comes in once with a response, and is told what to do when it comes again', async () => {
      await visit(browser, { site: bridge.url }, async ({ page, context, openTab }) => {
        const acs = `${bridge.url}/saml/ssp/acs`;
        const [request] = await Promise.all([page.waitForRequest(acs), signIn(page)]);
        await page.getByRole('heading', { name: 'production-admin' }).waitFor();
        const form = Object.fromEntries(new URLSearchParams(request.postData() ?? ''));
        const again = await context.request.post(acs, { form, maxRedirects: 0 });
        expect(again.status()).toBe(403);
        const tab = await openTab();
        await tab.setContent(await again.text());
        await tab.getByRole('heading', { name: 'This sign-in has run out' }).waitFor();
        expect(await tab.getByRole('link', { name: /Start again|Choose another way/ }).count()).toBe(2);
      });
    });
  },
);

async function ourCookies(context: BrowserContext, url: string): Promise<readonly string[]> {
  const cookies = await context.cookies(url);
  const ours = cookies.map(({ name }) => name).filter((name) => name.startsWith('rolebridge-'));
  return ours.filter((name) => name !== 'rolebridge-form').toSorted();
}

function configuration(metadataUrl: string): object {
  return {
    masterKey: { file: 'master.key' },
    store: { sqlite: { path: 'state.db' } },
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: '123456789012' }],
    samlProviders: [samlProvider('ssp', { url: metadataUrl })],
    roles: roles([], 'ssp'),
  };
}
