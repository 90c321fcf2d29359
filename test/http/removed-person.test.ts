import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applicationEnv } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { refresh, requestToken, signInTo, userinfo } from '../support/code-flow.ts';
import { runClient } from '../support/foreign-client.ts';

const ROLEBRIDGE = join(import.meta.dirname, '../../bin/rolebridge');

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());

/** As an operator does. */
async function remove(person: string): Promise<void> {
  const { issuer } = site.idp;
  const key = `arn:aws:iam::123456789012:oidc-provider/${issuer.replace('http://', '')} ${person}`;
  const env = { ...process.env, ...applicationEnv(site.idp.clientSecret) };
  const config = site.nodes[0]?.configPath ?? '';
  const run = await runClient([ROLEBRIDGE, 'people', 'remove', key, '--config', config], { env });
  expect(run).toMatchObject({ code: 0, stderr: '' });
}

const lasting = { scope: 'openid offline_access', prompt: 'consent' };
const signIn = (person: string) => signInTo(site, { browser: site.browser(), person }, ['web', lasting]);
const isActive = async (token: string) =>
  (await requestToken(site, 'web', { token }, { path: '/oidc/introspect' })).body['active'];

describe('what was given to last, of somebody who was removed', () => {
  it('is void, and stays so when they sign in anew: they are somebody new', async () => {
    const { body } = await signIn('frank-1');
    const { refresh_token, access_token } = (await refresh(site, 'web', body.refresh_token)).body;
    expect((await userinfo(site, access_token)).status).toBe(200);
    await remove('frank-1');
    expect((await userinfo(site, access_token)).status).toBe(401);
    expect(await isActive(access_token)).toBe(false);
    await untilNextSecond();
    const anew = await signIn('frank-1');
    expect((await userinfo(site, access_token)).status).toBe(401);
    expect([await isActive(access_token), await isActive(refresh_token)]).toEqual([false, false]);
    expect((await refresh(site, 'web', refresh_token)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await userinfo(site, anew.body.access_token)).status).toBe(200);
    expect((await refresh(site, 'web', anew.body.refresh_token)).status).toBe(200);
  });
});

/** Tokens tell whole seconds. */
async function untilNextSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
}
