import { afterAll, beforeAll, describe, expect } from 'vitest';
import { signedOutOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { answered, codeRequest, signInTo, verifyToken } from '../support/code-flow.ts';
import { createPlan } from '../support/conformance-plan.ts';
import { confirmLogout, logoutUrl } from '../support/logout-flow.ts';
import { until } from '../support/redis-server.ts';

// The modules of `oidcc-backchannel-rp-initiated-logout-certification-test-plan` in the OpenID conformance suite.
const { module, complete } = createPlan([
  'oidcc-backchannel-logout-discovery-endpoint-verification',
  'oidcc-backchannel-rp-initiated-logout',
]);

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
});
afterAll(async () => {
  await site.stop();
});

describe('oidcc-backchannel-rp-initiated-logout-certification-test-plan', () => {
  module('oidcc-backchannel-logout-discovery-endpoint-verification', async () => {
    const response = await fetch(`${site.publicUrl}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
      end_session_endpoint: `${site.publicUrl}/oidc/logout`,
    });
  });

  module('oidcc-backchannel-rp-initiated-logout', async () => {
    const browser = site.browser();
    const { body, claims } = await signInTo(site, { browser }, ['web']);
    const post_logout_redirect_uri = signedOutOf('web', site.server.url);
    const state = 'x'.repeat(128);
    const asked = logoutUrl(site, { id_token_hint: body.id_token, post_logout_redirect_uri, state });
    const page = await confirmLogout(browser, await browser.visit(asked));
    expect(page.url).toBe(`${post_logout_redirect_uri}?state=${state}`);

    await until(() => Promise.resolve(site.server.logouts('web').length > 0));
    const [received] = site.server.logouts('web');
    expect([...(received?.keys() ?? [])]).toEqual(['logout_token']);
    const token = received?.get('logout_token') ?? '';
    const { payload } = await verifyToken(site, token, { audience: 'web', type: 'logout+jwt' });
    expect(payload).toMatchObject({
      sub: claims.sub,
      sid: claims['sid'],
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    expect(payload.iat).toBeTypeOf('number');
    expect(payload.jti).toBeTypeOf('string');
    expect(claims['sid']).toBeTypeOf('string');
    expect(payload).not.toHaveProperty('nonce');

    const again = await codeRequest(site, 'web', { prompt: 'none' });
    expect(answered(again, await browser.visit(again.url)).answer.get('error')).toBe('login_required');
  });

  complete();
});
