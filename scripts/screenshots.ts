import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { URI } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { startChromium } from '../test/support/chromium.ts';
import { demoPorts, startDemoProcess } from '../test/support/demo-process.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');
/** The README loads all of them. */
const MAX_IMAGE_BYTES = 100_000;
const ROLE = '/roles/arn:aws:iam::123456789012:role/production-admin';

const WIDE = { width: 960, height: 640 };
const LOOKS = {
  light: {
    colorScheme: 'light',
    viewport: WIDE,
    pages: ['sign-in', 'roles', 'second-factor', 'credentials', 'sessions', 'dashboard', 'device'],
  },
  dark: { colorScheme: 'dark', viewport: WIDE, pages: ['sign-in', 'roles', 'credentials'] },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 760 }, pages: ['roles', 'credentials'] },
} as const;
type Look = keyof typeof LOOKS;

const deviceAnswer = z.object({ verification_uri_complete: z.string() });

await run();

/** Photographs the pages of the demo, as the README shows them, into `docs/images`. */
async function run(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-screenshots-'));
  const ports = await demoPorts();
  const demo = startDemoProcess(ports, folder);
  const ended = once(demo.child, 'exit').then(() => Promise.reject(new Error('the demo ended')));
  const place = {
    origin: `http://localhost:${ports.port}`,
    dashboard: `http://127.0.0.1:${ports['dashboard-port']}`,
  };
  try {
    await Promise.race([demo.ready, ended]);
    const browser = await startChromium();
    for (const look of ['light', 'dark', 'phone'] as const) await photographJourney(browser, place, look);
    await browser.close();
  } finally {
    demo.child.kill('SIGTERM');
    await ended.catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}

type Place = { readonly origin: string; readonly dashboard: string };

async function photographJourney(browser: Browser, { origin, dashboard }: Place, look: Look): Promise<void> {
  const { colorScheme, viewport, pages } = LOOKS[look];
  const wanted: readonly string[] = pages;
  const context = await browser.newContext({ colorScheme, viewport, locale: 'en', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const shoot = async (name: string): Promise<void> => {
    if (wanted.includes(name)) await photograph(page, `${name}-${look}.png`);
  };
  await page.goto(`${origin}/signin`);
  await shoot('sign-in');
  await signIn(page, look === 'light' ? 'maya' : 'tom');
  await page.waitForURL(`${origin}/roles`);
  await shoot('roles');
  if (look === 'light') await enrol(page, origin, shoot);
  else await openRole(page, `${origin}${ROLE.replace('production-admin', 'read-only')}`);
  await shoot('credentials');
  await page.goto(`${origin}/sessions`);
  await shoot('sessions');
  await page.goto(`${dashboard}/signin`);
  await page.waitForURL(`${dashboard}/`);
  await shoot('dashboard');
  await page.goto(await deviceLink(origin));
  await page.locator('form[action="/device"] button.primary').click();
  await page.locator('button[name=confirm]').waitFor();
  await shoot('device');
  await context.close();
}

/** What a tool without a browser shows. */
async function deviceLink(origin: string): Promise<string> {
  const body = new URLSearchParams({ client_id: 'example-cli', scope: 'openid profile email' });
  const answer = await fetch(`${origin}/oidc/device_authorization`, { method: 'POST', body });
  return deviceAnswer.parse(await answer.json()).verification_uri_complete;
}

async function signIn(page: Page, person: string): Promise<void> {
  await page.goto(new URL('/signin/google', page.url()).href);
  await page.locator(`button[value=${person}]`).click();
}

/** The way to a role that wants a second factor, for somebody who has none yet. */
async function enrol(page: Page, origin: string, shoot: (name: string) => Promise<void>): Promise<void> {
  await openRole(page, origin + ROLE);
  await page.waitForURL(/\/mfa\/add\?/);
  await page.locator('a[href^="/mfa/add/totp"]').click();
  await shoot('second-factor');
  const uri = await page.locator('a[href^="otpauth:"]').getAttribute('href');
  await page.locator('input[name=code]').fill(URI.parse(uri ?? '').generate());
  await page.locator('form[action="/mfa/add/totp"] button.primary').click();
  await page.locator('input[name=saved]').check();
  await page.locator('form[action="/mfa/recovery-codes/saved"] button.primary').click();
  await openRole(page, origin + ROLE);
}

async function openRole(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator('main form[action^="/roles/"] button.primary').click();
}

async function photograph(page: Page, name: string): Promise<void> {
  const path = join(IMAGES, name);
  await page.screenshot({ path, fullPage: true });
  const bytes = statSync(path).size;
  process.stdout.write(`${name}  ${bytes} bytes\n`);
  if (bytes > MAX_IMAGE_BYTES) throw new Error(`${name} is larger than ${MAX_IMAGE_BYTES} bytes`);
}
