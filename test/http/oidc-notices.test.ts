import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { signedOutOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { signInTo } from '../support/code-flow.ts';
import type { FormBrowser, Page } from '../support/form-browser.ts';
import { confirmLogout, logoutUrl } from '../support/logout-flow.ts';

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());
afterEach(() => {
  site.server.answerLogouts(200);
});

/** How many applications were told, or not. */
async function told(outcome: 'success' | 'failure'): Promise<number> {
  const metrics = await (await fetch(`${site.nodes[0]?.bridge.addresses.management ?? ''}/metrics`)).text();
  const line = new RegExp(`^rolebridge_backchannel_logouts_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm');
  return Number(line.exec(metrics)?.[1] ?? 0);
}

const WAYS: Readonly<Record<string, (browser: FormBrowser) => Promise<Page>>> = {
  'an application': async (browser) =>
    confirmLogout(browser, await browser.visit(logoutUrl(site, { client_id: 'web' }))),
  'the page of sign-out': async (browser) =>
    browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout'),
  'the page of sessions': async (browser) =>
    browser.submit(await browser.visit(`${site.publicUrl}/sessions`), {}, '/sessions/revoke-all'),
};

describe.each(Object.entries(WAYS))('a sign-out by %s', (_, signOut) => {
  const enter = async (): Promise<FormBrowser> => {
    const browser = site.browser();
    await signInTo(site, { browser, person: 'judy-1' }, ['web']);
    await signInTo(site, { browser, person: 'judy-1' }, ['post']);
    return browser;
  };

  test('tells each application once (OpenID Connect Back-Channel Logout 2.5)', async () => {
    const browser = await enter();
    const before = [site.server.logouts('web').length, site.server.logouts('post').length];
    const counted = await told('success');
    await signOut(browser);
    const after = [site.server.logouts('web').length, site.server.logouts('post').length];
    expect(after).toEqual(before.map((count) => count + 1));
    expect(await told('success')).toBe(counted + 2);
  });

  test.each([500, 302, 'hang'] as const)(
    'ends it although applications answer %s, in seconds, and counts that',
    async (answer) => {
      const browser = await enter();
      const counted = await told('failure');
      site.server.answerLogouts(answer);
      const begun = performance.now();
      const page = await signOut(browser);
      expect(performance.now() - begun).toBeLessThan(5000);
      expect(page.status).toBe(200);
      expect(new URL((await browser.visit(`${site.publicUrl}/roles`)).url).pathname).not.toBe('/roles');
      expect(await told('failure')).toBe(counted + 2);
    },
  );
});

test('whoever says no stays signed in, and nobody is told', async () => {
  const browser = site.browser();
  const { body } = await signInTo(site, { browser }, ['web']);
  const before = site.server.logouts('web').length;
  const query = {
    id_token_hint: body.id_token,
    post_logout_redirect_uri: signedOutOf('web', site.server.url),
  };
  const page = await browser.visit(logoutUrl(site, query));
  expect((await browser.submit(page, {}, '/oidc/logout/confirm')).url).toBe(`${site.publicUrl}/roles`);
  expect(site.server.logouts('web')).toHaveLength(before);
});
