import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { requestToken, signInTo } from '../support/code-flow.ts';
import type { FormBrowser, Page } from '../support/form-browser.ts';
import { shiftClock } from '../support/test-clock.ts';

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy'];
/** Tries of a person within five minutes. */
const TRIES = 10;
const HOUR_MS = 3_600_000;

const clock = shiftClock();
let site: ApplicationSite;
beforeAll(async () => {
  // What is counted is counted by the hour, and the whole test is to be in one.
  clock.advance(HOUR_MS - (Date.now() % HOUR_MS));
  site = await startApplicationSite();
}, 60_000);
afterAll(async () => {
  await site.stop();
  clock.restore();
});

async function signedIn(name: string): Promise<FormBrowser> {
  const browser = site.browser();
  await signInTo(site, { browser, person: `${name}-1` }, ['web']);
  return browser;
}

async function typeCode(browser: FormBrowser, user_code: string): Promise<Page> {
  return browser.submit(await browser.visit(`${site.publicUrl}/device`), { user_code }, '/device');
}

async function userCode(): Promise<string> {
  const path = '/oidc/device_authorization';
  return String((await requestToken(site, 'television', { scope: 'openid' }, { path })).body['user_code']);
}

async function guess(browser: FormBrowser, times: number): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < times; count += 1) statuses.push((await typeCode(browser, 'BCDF-GHJK')).status);
  return statuses;
}

test('nobody guesses codes of devices: not with one browser or two, nor with many accounts (RFC 8628 5.1)', async () => {
  const alice = await signedIn('alice');
  expect(await guess(alice, TRIES)).toEqual(Array.from({ length: TRIES }, () => 200));
  const locked = await typeCode(alice, await userCode());
  expect(locked.status).toBe(429);
  expect(locked.html).not.toContain('Acme television');
  expect((await typeCode(await signedIn('alice'), await userCode())).status).toBe(429);
  // It is hers alone.
  const bob = await signedIn('bob');
  expect((await typeCode(bob, await userCode())).html).toContain('Acme television');
  clock.advance(6 * 60_000);
  expect((await typeCode(alice, await userCode())).html).toContain('Acme television');
  for (const name of PEOPLE.slice(1)) await guess(await signedIn(name), TRIES);
  clock.advance(6 * 60_000);
  for (const name of ['alice', 'judy'])
    expect((await typeCode(await signedIn(name), await userCode())).status).toBe(429);
}, 60_000);
