import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from '../support/chromium.ts';
import {
  demoPorts,
  killGroup,
  startDemoProcess,
  type DemoPorts,
  type DemoProcess,
} from '../support/demo-process.ts';
import { addApp, saveCodes } from '../support/journey-steps.ts';
import { visit, type Visit } from '../support/visit.ts';

const folder = mkdtempSync(join(tmpdir(), 'rolebridge-dashboard-'));
let browser: Browser;
let demo: DemoProcess;
let ports: DemoPorts;
beforeAll(async () => {
  ports = await demoPorts();
  demo = startDemoProcess(ports, folder);
  [browser] = await Promise.all([startChromium(), demo.ready]);
});
afterAll(async () => {
  await browser.close();
  killGroup(demo.child, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const dashboard = (): string => `http://127.0.0.1:${ports['dashboard-port']}/`;
const bridge = (): string => `http://localhost:${ports.port}`;

/** The bridge, the application and the provider are three origins, and none of their pages may complain. */
function inBrowser(
  use: (one: Visit) => Promise<void>,
  options: { readonly javaScriptEnabled?: boolean } = {},
): Promise<void> {
  return visit(browser, { site: 'http://', ...options }, use);
}

async function signIn(page: Page, person: string): Promise<void> {
  await page.goto(dashboard());
  await page.getByRole('link', { name: 'Sign in with Rolebridge' }).click();
  await page.getByRole('link', { name: 'Continue with Google' }).click();
  await page.getByRole('button', { name: person }).click();
  await page.getByText(`Signed in as ${person}`).waitFor();
}

/** Presses a button of the dashboard; what the page says then. */
async function press(page: Page, button: string): Promise<string> {
  await page.goto(dashboard());
  await page.getByRole('button', { name: button }).click();
  return page.innerText('main');
}

describe('the example application', { timeout: 60_000 }, () => {
  it.each([
    ['with scripts', true, 'Maya Chen'],
    ['without scripts', false, 'Tom Okafor'],
  ])(
    'signs somebody in, steps up, exchanges tokens, and is told of the end, in Chromium %s',
    async (_mode, javaScriptEnabled, person) => {
      const pages: string[] = [];
      await inBrowser(
        async ({ page, look }) => {
          page.on('domcontentloaded', (shown) => {
            if (shown.url().startsWith(dashboard()))
              void shown.content().then(
                (html) => pages.push(html),
                () => undefined,
              );
          });
          await page.goto(dashboard());
          await page.getByText('Nobody is signed in').waitFor();
          await look();
          await signIn(page, person);
          await look();
          // More scope than the policy grants without a second factor.
          expect(await press(page, 'Place an order')).toMatch(
            /insufficient_user_authentication[^]*Reference [A-Z2-7]{4}-[A-Z2-7]{4}[^]*Confirm that it is you/,
          );
          await look();
          const orders = await press(page, 'Show orders');
          expect(orders).toMatch(/GET \/orders: 200[^]*12 lamps[^]*"by": "dashboard"/);
          expect(orders).toMatch(/"aud": "https:\/\/orders.acme.example"[^]*"scope": "orders.read"/);
          await look();
          await page.getByRole('link', { name: 'Back to the dashboard' }).click();
          await page.getByRole('link', { name: 'Open reports' }).click();
          await page.getByRole('link', { name: 'Set up an app' }).click();
          await addApp(page);
          await saveCodes(page);
          await page.getByRole('heading', { name: 'Reports' }).waitFor();
          await look();
          expect(await press(page, 'Place an order')).toMatch(/POST \/orders: 200[^]*"placed": "A-1003"/);
          expect(await press(page, 'Who am I')).toContain(
            'arn:aws:sts::123456789012:assumed-role/read-only/',
          );
          expect(await press(page, 'Refresh')).toMatch(/Signed in as [^]*urn:rolebridge:acr:mfa/);
          await press(page, 'Sign out everywhere');
          await look();
          await page.getByRole('button', { name: 'Sign out' }).click();
          await page.getByText('You are signed out. Rolebridge said so by back-channel logout').waitFor();
          await look();
          await page.goto(`${bridge()}/roles`);
          await page.getByRole('link', { name: 'Continue with Google' }).waitFor();
        },
        { javaScriptEnabled },
      );
      expect(pages.length).toBeGreaterThan(8);
      // Neither a JWT nor the secret nor keys of a role.
      for (const html of pages) expect(html).not.toMatch(/eyJ|demo-dashboard-secret|ASIA[A-Z2-7]{16}/);
    },
  );

  it('hears by back-channel logout that somebody signed out elsewhere, and does nothing more for them', async () => {
    await inBrowser(async ({ page, openTab }) => {
      await signIn(page, 'Tom Okafor');
      const other = await openTab();
      await other.goto(`${bridge()}/signout`);
      await other.getByRole('button', { name: 'Sign out' }).click();
      await other.getByRole('heading', { name: 'You are signed out' }).waitFor();
      // The page before the last is still open, and its form as well.
      await page.getByRole('button', { name: 'Show orders' }).click();
      await page.getByText('Rolebridge said so by back-channel logout').waitFor();
    });
  });

  it('goes on signed in where somebody stays signed in at Rolebridge, and asks for nothing again', async () => {
    await inBrowser(async ({ page }) => {
      await signIn(page, 'Tom Okafor');
      await press(page, 'Sign out everywhere');
      await page.getByRole('button', { name: /stay/i }).click();
      await page.goto(dashboard());
      await page.getByText('You are signed out of this application').waitFor();
      await page.getByRole('link', { name: 'Sign in with Rolebridge' }).click();
      await page.getByText('Signed in as Tom Okafor').waitFor();
    });
  });

  it('tells somebody who cancels at the provider', async () => {
    await inBrowser(async ({ page }) => {
      await page.goto(`${dashboard()}signin`);
      await page.getByRole('link', { name: 'Continue with Google' }).click();
      await page.getByRole('button', { name: 'Deny' }).click();
      await page
        .getByRole('link', { name: /another way|start again/i })
        .first()
        .waitFor();
    });
  });
});

describe('the application refuses', () => {
  it.each([
    ['a callback that nobody began', 'GET', 'callback?state=made-up&code=made-up', 400],
    ['a logout token that is none', 'POST', 'backchannel-logout', 400],
    ['other paths', 'GET', 'orders', 404],
  ])('%s', async (_what, method, path, status) => {
    const body = method === 'POST' ? { body: new URLSearchParams({ logout_token: 'e30.e30.' }) } : {};
    expect((await fetch(dashboard() + path, { method, redirect: 'manual', ...body })).status).toBe(status);
  });

  it('a form of another page', async () => {
    await inBrowser(async ({ page, context }) => {
      await signIn(page, 'Tom Okafor');
      const answer = await context.request.post(`${dashboard()}orders`, { form: { form_token: 'guessed' } });
      expect(answer.status()).toBe(403);
    });
  });
});

describe('the service', () => {
  const ask = (authorization?: string) =>
    fetch(`http://127.0.0.1:${ports['orders-port']}/orders`, {
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    });

  it.each([undefined, 'Basic ZTpm', 'Bearer '])(
    'asks for a token where %j came (RFC 6750 3)',
    async (value) => {
      const answer = await ask(value);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="orders"');
    },
  );

  it("refuses a job's own token, which another signed", async () => {
    const token = await (await fetch(`http://127.0.0.1:${ports['issuer-port']}/github/token`)).text();
    const answer = await ask(`Bearer ${token}`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});
