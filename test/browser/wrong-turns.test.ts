import type { Browser, Page } from 'playwright-core';
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
import { ADMIN, READER, startSignInSite, type SignInSite } from '../support/sign-in-site.ts';
import { visit, type Visit } from '../support/visit.ts';

const ASSUMED = /^arn:aws:sts::123456789012:assumed-role\/production-admin\//;

let browser: Browser;
let site: SignInSite;
beforeAll(async () => {
  [browser, site] = await Promise.all([
    startChromium(),
    startSignInSite({ presets: ['generic', 'cognito'] }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});

function inBrowser(use: (one: Visit) => Promise<void>): Promise<void> {
  return visit(browser, { site: site.bridge.url }, use);
}

function rolePage(arn: string): string {
  return `${site.bridge.url}/roles/${encodeURIComponent(arn)}`;
}

async function comeForAdmin(page: Page, person: string): Promise<void> {
  await page.goto(rolePage(ADMIN));
  await signInBy(page, 'generic', person);
  await getCredentials(page);
}

async function setUpApp(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Set up an app' }).click();
  const secret = await addApp(page);
  await saveCodes(page);
  return secret;
}

/** The addresses that a tab went to, while something happens in it. */
async function addressesOf(page: Page, during: () => Promise<void>): Promise<readonly string[]> {
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  await during();
  return addresses;
}

describe('at a sign-in', { timeout: 60_000 }, () => {
  it.each([
    ['generic', 'cognito'],
    ['corp', 'generic'],
  ])(
    'somebody who cancels (%s) reads what happened, and comes in another way (%s)',
    async (first, second) => {
      await inBrowser(async ({ page, look }) => {
        await page.goto(rolePage(READER));
        await signInBy(page, first, 'Cancel');
        await page.getByRole('heading', { name: /called off|not accepted/ }).waitFor();
        await look();
        expect(await page.locator('#reference').textContent()).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
        await page.getByRole('link', { name: 'Choose another way' }).click();
        await signInBy(page, second);
        await page.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
      });
    },
  );

  it('somebody who cancels and starts again comes to where they wanted to go', async () => {
    await inBrowser(async ({ page }) => {
      await page.goto(rolePage(READER));
      await signInBy(page, 'generic', 'Cancel');
      await page.getByRole('link', { name: 'Start again' }).click();
      await page.getByRole('button', { name: 'Alice Example' }).click();
      await page.getByRole('heading', { name: 'read-only' }).waitFor();
    });
  });

  it('an old callback opens nothing, and leads on', async () => {
    await inBrowser(async ({ page, context, look }) => {
      await page.goto(rolePage(READER));
      const addresses = await addressesOf(page, () => signInBy(page, 'generic'));
      const callback = addresses.find((address) => address.includes('/callback?')) ?? '';
      await context.clearCookies();
      await page.goto(callback);
      await page.getByRole('heading', { name: 'This sign-in has run out' }).waitFor();
      await look();
      await page.reload();
      await page.getByRole('link', { name: 'Start again' }).click();
      await page.getByRole('button', { name: 'Alice Example' }).click();
      await page.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
    });
  });

  it('two tabs both come in, whichever ends first', async () => {
    await inBrowser(async ({ page, openTab }) => {
      const other = await openTab();
      await page.goto(rolePage(READER));
      await other.goto(rolePage(ADMIN));
      for (const [tab, provider] of [
        [page, 'generic'],
        [other, 'corp'],
      ] as const)
        await tab.getByRole('link', { name: `Continue with Acme ${provider}` }).click();
      await other.getByRole('button', { name: 'Alice Example' }).click();
      await other.getByRole('heading', { name: 'production-admin' }).waitFor();
      await page.getByRole('button', { name: 'Alice Example' }).click();
      await page.getByRole('heading', { name: 'read-only' }).waitFor();
      await other.reload();
      await other.getByRole('heading', { name: 'production-admin' }).waitFor();
    });
  });

  it('a form from before the sign-in in another tab leads on', async () => {
    await inBrowser(async ({ page, openTab, look }) => {
      const other = await openTab();
      await page.goto(`${site.bridge.url}/signin`);
      await other.goto(`${site.bridge.url}/signin`);
      await signInBy(other, 'generic');
      await other.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
      await page.getByLabel('Work e-mail address').fill('alice@generic.example');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('heading', { name: 'This form is too old' }).waitFor();
      await look();
      await page.getByRole('link', { name: 'Go to the roles' }).click();
      await page.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
    });
  });

  it('a wrong address finds no provider, and the buttons are there', async () => {
    await inBrowser(async ({ page, look }) => {
      await page.goto(`${site.bridge.url}/signin`);
      await page.getByLabel('Work e-mail address').fill('alice@elsewhere.example');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('No provider is set up for this e-mail domain').waitFor();
      await look();
      await signInBy(page, 'generic');
      await page.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
    });
  });
});

describe('at a second factor', { timeout: 60_000 }, () => {
  it('the back button after it leads on to the role, and the code opens nothing again', async () => {
    await inBrowser(async ({ page, context }) => {
      await comeForAdmin(page, 'Alice Example');
      const secret = await setUpApp(page);
      await context.clearCookies();
      await comeForAdmin(page, 'Alice Example');
      await confirmWith(page, codeOf(secret, { stepsAhead: 1 }));
      await page.getByRole('heading', { name: 'production-admin' }).waitFor();
      await page.goBack();
      await page.getByRole('heading', { name: 'production-admin' }).waitFor();
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
      await page.goBack();
      await page.getByRole('heading', { name: 'production-admin' }).waitFor();
    });
  });

  it('two tabs that were both asked: the second is led on without a code', async () => {
    await inBrowser(async ({ page, context, openTab }) => {
      await comeForAdmin(page, 'Bob Example');
      const secret = await setUpApp(page);
      await context.clearCookies();
      await comeForAdmin(page, 'Bob Example');
      const other = await openTab();
      await other.goto(page.url());
      await confirmWith(page, codeOf(secret, { stepsAhead: 1 }));
      await page.getByRole('heading', { name: 'production-admin' }).waitFor();
      await confirmWith(other, codeOf(secret));
      await other.waitForURL(/\/roles/);
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(ASSUMED);
    });
  });

  it('two tabs that both set up an app show one key, and the second one starts afresh after the first', async () => {
    await inBrowser(async ({ page, openTab, look }) => {
      await comeForAdmin(page, 'Carol Example');
      await page.getByRole('link', { name: 'Set up an app' }).click();
      const other = await openTab();
      await other.goto(page.url());
      const key = await other.locator('#secret').textContent();
      expect(await addApp(page)).toBe(key?.replaceAll(' ', ''));
      await saveCodes(page);
      await page.getByRole('heading', { name: 'production-admin' }).waitFor();
      await other.getByLabel('Enter the code that the app shows').fill('123456');
      await other.getByRole('button', { name: 'Turn on' }).click();
      await other.getByText('went on in another tab').waitFor();
      expect(await other.locator('#secret').textContent()).not.toBe(key);
      await look(other);
    });
  });

  it('guesses end in a pause that says how long, and nothing opens', async () => {
    await inBrowser(async ({ page, context, look }) => {
      await comeForAdmin(page, 'Dave Example');
      await setUpApp(page);
      await context.clearCookies();
      await comeForAdmin(page, 'Dave Example');
      const paused = page.getByRole('heading', { name: 'Too many attempts' });
      for (let guesses = 0; guesses < 20 && !(await paused.isVisible()); guesses += 1)
        await confirmWith(page, '000000');
      await paused.waitFor();
      await look();
      expect(await page.innerText('main')).toMatch(/try again in /);
      await page.goto(rolePage(ADMIN));
      await getCredentials(page);
      await paused.waitFor();
    });
  });
});

describe('the sessions page', { timeout: 60_000 }, () => {
  it('ends another browser and credentials at once', async () => {
    await inBrowser(async (mine) => {
      await inBrowser(async (theirs) => {
        await theirs.page.goto(rolePage(READER));
        await signInBy(theirs.page, 'generic', 'Erin Example');
        await getCredentials(theirs.page);
        const sts = await sdkFrom(theirs.page);
        expect(await whoAmI(sts)).toContain('read-only');
        const { page, look } = mine;
        await page.goto(`${site.bridge.url}/sessions`);
        await signInBy(page, 'generic', 'Erin Example');
        await page.getByText('This device').waitFor();
        await look();
        await page.getByRole('button', { name: /^End the credentials / }).click();
        await page.getByText('1 session has ended').waitFor();
        expect(await whoAmI(sts)).not.toContain('read-only');
        await page.getByRole('button', { name: /^End the session of / }).click();
        await page.getByText('1 session has ended').waitFor();
        await theirs.page.goto(rolePage(READER));
        await theirs.page.getByRole('heading', { name: 'Sign in to Rolebridge' }).waitFor();
        await page.reload();
        await page.getByText('This device').waitFor();
      });
    });
  });

  it('ends everything, this browser too, when something looks wrong', async () => {
    await inBrowser(async ({ page, look }) => {
      await page.goto(rolePage(READER));
      await signInBy(page, 'generic', 'Frank Example');
      await getCredentials(page);
      const sts = await sdkFrom(page);
      await page.getByRole('link', { name: 'Sessions', exact: true }).first().click();
      await page.getByText('End everything …').click();
      await page.getByRole('button', { name: 'End everything and sign out' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      await page.getByText('1 role session was ended').waitFor();
      await look();
      expect(await whoAmI(sts)).not.toContain('read-only');
      await page.goto(`${site.bridge.url}/roles`);
      await page.getByRole('heading', { name: 'Sign in to Rolebridge' }).waitFor();
    });
  });

  it('tells somebody whose session ended while a form was open to sign in again', async () => {
    await inBrowser(async ({ page, context, look }) => {
      await page.goto(rolePage(READER));
      await signInBy(page, 'generic', 'Grace Example');
      await page.getByRole('heading', { name: 'read-only' }).waitFor();
      await context.clearCookies();
      await getCredentials(page);
      await page.getByText('Your session has ended').waitFor();
      await look();
    });
  });
});
