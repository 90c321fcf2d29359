import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OIDC_PRESETS } from '../../src/domain/identity/sign-in-settings.ts';
import { startChromium } from '../support/chromium.ts';
import {
  addApp,
  chainInto,
  codeOf,
  confirmWith,
  getCredentials,
  saveCodes,
  sdkFrom,
  signInBy,
  signInByAddress,
  whoAmI,
} from '../support/journey-steps.ts';
import { ADMIN, READER, startSignInSite, VAULT, type SignInSite } from '../support/sign-in-site.ts';
import { visit, type Visit } from '../support/visit.ts';

let browser: Browser;
let site: SignInSite;
beforeAll(async () => {
  [browser, site] = await Promise.all([startChromium(), startSignInSite()]);
});
afterAll(async () => {
  await browser.close();
  await site.stop();
});

const MODES = [
  {
    mode: 'with scripts',
    javaScriptEnabled: true,
    person: 'Alice Example',
    subject: 'alice-1',
    enter: signInBy,
  },
  {
    mode: 'without scripts',
    javaScriptEnabled: false,
    person: 'Bob Example',
    subject: 'bob-2',
    enter: signInByAddress,
  },
] as const;
type Mode = (typeof MODES)[number];

function inBrowser(
  { javaScriptEnabled }: Pick<Mode, 'javaScriptEnabled'>,
  use: (one: Visit) => Promise<void>,
) {
  return visit(browser, { site: site.bridge.url, javaScriptEnabled }, use);
}

function rolePage(arn: string): string {
  return `${site.bridge.url}/roles/${encodeURIComponent(arn)}`;
}

function assumed(role: string, name: string): RegExp {
  return new RegExp(`^arn:aws:sts::123456789012:assumed-role/${role}/.*${name}`);
}

describe.each(MODES)('a person in Chromium, $mode', { timeout: 60_000 }, (mode) => {
  const { person, subject } = mode;

  it.each([...OIDC_PRESETS, 'corp'])(
    'comes by a link to a role, signs in (%s), sets up an app, and has credentials that work',
    async (provider) => {
      await inBrowser(mode, async ({ page, look }) => {
        await page.goto(rolePage(ADMIN));
        await look();
        await mode.enter(page, provider, person);
        await page.getByRole('heading', { name: 'production-admin' }).waitFor();
        await look();
        await getCredentials(page);
        await page.getByText('production-admin wants a second factor').waitFor();
        await look();
        await page.getByRole('link', { name: 'Set up an app' }).click();
        await look();
        await addApp(page);
        await look();
        expect(await saveCodes(page)).toHaveLength(10);
        await page.getByRole('heading', { name: 'production-admin' }).waitFor();
        await getCredentials(page);
        const sts = await sdkFrom(page);
        await look();
        expect(await whoAmI(sts)).toMatch(assumed('production-admin', subject));
        expect(await chainInto(sts, VAULT)).toMatch(assumed('vault', 'chained'));
      });
    },
  );

  it('is asked for the app in the next browser, or for a recovery code, each of which works once', async () => {
    const known = { secret: '', codes: new Array<string>() };
    const person = mode.javaScriptEnabled ? 'Carol Example' : 'Dave Example';
    const come = async ({ page }: Visit): Promise<void> => {
      await page.goto(rolePage(ADMIN));
      await signInBy(page, 'generic', person);
      await getCredentials(page);
    };
    await inBrowser(mode, async (one) => {
      await come(one);
      await one.page.getByRole('link', { name: 'Set up an app' }).click();
      known.secret = await addApp(one.page);
      known.codes.push(...(await saveCodes(one.page)));
    });
    await inBrowser(mode, async (one) => {
      const { page, look } = one;
      await come(one);
      await look();
      await confirmWith(page, known.codes[0]?.slice(1) ?? '');
      await page.getByText('That code is not right').waitFor();
      await look();
      const next = codeOf(known.secret, { stepsAhead: 1 });
      // As apps show it.
      await confirmWith(page, ` ${next.slice(0, 3)} ${next.slice(3)}`);
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(assumed('production-admin', ''));
    });
    await inBrowser(mode, async (one) => {
      const { page, look } = one;
      await come(one);
      await confirmWith(page, codeOf(known.secret, { stepsAhead: 1 }));
      await page.getByText('That code has been used already').waitFor();
      await page.getByRole('link', { name: 'Use a recovery code' }).click();
      await look();
      await confirmWith(page, known.codes[0]?.toLowerCase() ?? '');
      await getCredentials(page);
      expect(await whoAmI(await sdkFrom(page))).toMatch(assumed('production-admin', ''));
      await page.getByRole('link', { name: 'Second factors' }).click();
      await page.getByText('9 codes are left').waitFor();
      await look();
    });
  });

  it('finds the roles, marks one, and takes credentials without a second factor, which open nothing that wants one', async () => {
    await inBrowser(mode, async ({ page, look }) => {
      await page.goto(site.bridge.url);
      await signInBy(page, 'okta', person);
      await page.getByRole('heading', { name: 'Roles', exact: true }).waitFor();
      await look();
      await page.getByRole('searchbox').fill('READ');
      await page.keyboard.press('Enter');
      await page.getByText('1 role found').waitFor();
      await page.getByRole('button', { name: 'Add read-only to the favourites' }).click();
      await page.getByRole('button', { name: 'Take read-only from the favourites' }).waitFor();
      await page.getByRole('link', { name: 'Show all roles' }).click();
      await page.getByRole('heading', { name: 'Favourites' }).waitFor();
      await look();
      await page.getByRole('link', { name: 'read-only' }).first().click();
      await page.getByLabel('Credentials for').selectOption('900');
      await getCredentials(page);
      const sts = await sdkFrom(page);
      expect(await whoAmI(sts)).toMatch(assumed('read-only', subject));
      expect(await chainInto(sts, VAULT)).toBe('AccessDenied');
      await page.getByRole('button', { name: 'Renew' }).click();
      expect(await whoAmI(await sdkFrom(page))).toMatch(assumed('read-only', subject));
      await page.goto(`${site.bridge.url}/roles`);
      await page.getByRole('heading', { name: 'Recently used' }).waitFor();
    });
  });

  it.each([
    ['generic', 'still signed in at Acme generic', 'Sign out at Acme generic, too'],
    ['google', 'still signed in at Acme google', 'Sign out at Acme google, too'],
    ['cognito', 'still signed in at Acme cognito', 'Sign out at Acme cognito, too'],
    ['corp', 'signed out at Acme corp, too', undefined],
  ])(
    'signs out, hears what goes on, and nobody comes back by the back button (%s)',
    async (provider, told, link) => {
      await inBrowser(mode, async ({ page, look }) => {
        await page.goto(rolePage(READER));
        await signInBy(page, provider, person);
        await getCredentials(page);
        const sts = await sdkFrom(page);
        await page.getByRole('link', { name: 'Sign out' }).click();
        await look();
        await page.getByLabel('Also end my role credentials').check();
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
        await page.getByText(told).waitFor();
        await look();
        expect(await whoAmI(sts)).not.toContain('assumed-role');
        if (link !== undefined) {
          await page.getByRole('link', { name: link }).click();
          await page.getByRole('heading', { name: 'Signed out' }).waitFor();
        }
        await page.goto(`${site.bridge.url}/roles`);
        await page.getByRole('heading', { name: 'Sign in to Rolebridge' }).waitFor();
        await page.getByText('Last used').waitFor();
      });
    },
  );
});
