import { afterAll, beforeAll, expect, test } from 'vitest';
import { ORDERS } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { refresh, signInTo, verifyToken } from '../support/code-flow.ts';
import { shiftClock } from '../support/test-clock.ts';

const MINUTE_MS = 60_000;
const SIGN_IN_SECONDS = 3600;

const clock = shiftClock();
let site: ApplicationSite;

beforeAll(async () => {
  site = await startApplicationSite({ extra: { browserSession: { idle: '1h', absolute: '1h' } } });
}, 60_000);
afterAll(async () => {
  await site.stop();
  clock.restore();
});

const FOR_ORDERS = { resource: ORDERS, scope: 'openid orders:read' };

/** Signs in and lets most of the sign-in pass; `offline`: with leave to go on without it. */
async function signInAWhileAgo(offline = '') {
  const browser = site.browser();
  const more = { ...FOR_ORDERS, scope: `${FOR_ORDERS.scope}${offline}`, prompt: 'consent' };
  const first = await signInTo(site, { browser }, ['web', more]);
  const beganSeconds = Math.floor(Date.now() / 1000);
  clock.advance(50 * MINUTE_MS);
  return { browser, first, latestEnd: beganSeconds + SIGN_IN_SECONDS };
}

const endOf = async (token: string, audience: string): Promise<number> =>
  (await verifyToken(site, token, { audience, ...(audience === ORDERS && { type: 'at+jwt' }) })).payload
    .exp ?? Infinity;

test('no token of a sign-in outlives it: services ask nobody whether it still lives', async () => {
  const { browser, latestEnd } = await signInAWhileAgo();
  const { body } = await signInTo(site, { browser }, ['web', FOR_ORDERS]);
  expect(await endOf(body.access_token, ORDERS)).toBeLessThanOrEqual(latestEnd);
  expect(await endOf(body.access_token, ORDERS)).toBeGreaterThan(latestEnd - 60);
  expect(body.expires_in).toBeLessThanOrEqual(600);
  expect(await endOf(body.id_token, 'web')).toBeLessThanOrEqual(latestEnd);
});

test('nor does one that a refresh brings', async () => {
  const { first, latestEnd } = await signInAWhileAgo();
  const { body } = await refresh(site, 'web', first.body.refresh_token);
  expect(await endOf(body.access_token, ORDERS)).toBeLessThanOrEqual(latestEnd);
  expect(await endOf(body.id_token, 'web')).toBeLessThanOrEqual(latestEnd);
});

test('nothing is issued once the sign-in has ended', async () => {
  const { first } = await signInAWhileAgo();
  clock.advance(11 * MINUTE_MS);
  const { status, body } = await refresh(site, 'web', first.body.refresh_token);
  expect([status, body.error]).toEqual([400, 'invalid_grant']);
});

test('with offline_access tokens have their own lifetime', async () => {
  const { first, latestEnd } = await signInAWhileAgo(' offline_access');
  const { body } = await refresh(site, 'web', first.body.refresh_token);
  expect(await endOf(body.id_token, 'web')).toBeGreaterThan(latestEnd + 60);
});
