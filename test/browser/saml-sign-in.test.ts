import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridgeProcess, type BridgeProcess } from '../support/bridge.ts';
import { startChromium } from '../support/chromium.ts';
import { announceMissing } from '../support/foreign-client.ts';
import { findSimpleSamlPhp, startSimpleSamlPhp, type SimpleSamlPhp } from '../support/simplesamlphp.ts';

const ACCOUNT = '123456789012';
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

    /** Follows the way in; without scripts a person presses the button of each page that only passes something on. */
    const signIn = async (context: BrowserContext): Promise<{ page: Page; complaints: string[] }> => {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' && page.url().startsWith(bridge.url)) complaints.push(message.text());
      });
      await page.goto(`${bridge.url}/saml/ssp/login`);
      for (let pages = 0; pages < 3 && !(await arrives(page, `${bridge.url}/roles`)); pages += 1)
        await page.locator('form button:visible, form [type=submit]:visible').first().click();
      await page.waitForURL(`${bridge.url}/roles`, { timeout: 10_000 });
      return { page, complaints };
    };

    it.each([
      ['with scripts', true],
      ['without scripts', false],
    ])('signs in by a signed request and ends on our page, %s', async (_, javaScriptEnabled) => {
      const context = await browser.newContext({ javaScriptEnabled });
      const { page, complaints } = await signIn(context);
      expect(await page.textContent('body')).toContain('alice');
      expect(complaints, 'of the content security policy').toEqual([]);
      const cookies = await context.cookies(bridge.url);
      const attempts = cookies.filter(({ name }) => name.includes('-login-'));
      expect(attempts, 'the cookie of the attempt is gone').toEqual([]);
      await context.close();
    });
  },
);

async function arrives(page: Page, url: string): Promise<boolean> {
  return page.waitForURL(url, { timeout: 1_500 }).then(
    () => true,
    () => false,
  );
}

function configuration(metadataUrl: string): object {
  return {
    masterKey: { file: 'master.key' },
    store: { sqlite: { path: 'state.db' } },
    outbound: { privateAddresses: 'allow', http: 'allow' },
    accounts: [{ id: ACCOUNT }],
    samlProviders: [
      {
        name: 'ssp',
        account: ACCOUNT,
        metadata: { url: metadataUrl },
        signIn: { displayName: 'SimpleSAMLphp', mfa: 'never' },
      },
    ],
  };
}
