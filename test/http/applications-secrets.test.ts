import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEPLOY, ORDERS, secretOf } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { authorize, codeRequest, passPages, proofOf, redeem, refresh } from '../support/code-flow.ts';
import { requestToken, userinfo } from '../support/code-flow.ts';

const TYPE = 'urn:ietf:params:oauth:token-type:';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());

/** Goes through every flow, and keeps what nobody else may learn. */
async function issued(): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>([['secret', secretOf('web')]]);
  const keep = (name: string, value: unknown): string => {
    if (typeof value === 'string' && value !== '') secrets.set(name, value);
    return String(value);
  };
  const browser = site.browser();
  const request = await codeRequest(site, 'web', { scope: 'openid offline_access', prompt: 'consent' });
  keep('verifier', request.verifier);
  const code = await authorize(site, { browser }, request);
  keep('code', code.answer.get('code'));
  const { body } = await redeem(site, code);
  for (const name of ['access_token', 'id_token', 'refresh_token']) keep(name, body[name]);
  await redeem(site, code);
  await refresh(site, 'web', keep('used refresh token', body.refresh_token));
  await userinfo(site, body.access_token);
  await requestToken(site, 'web', { token: body.access_token }, { path: '/oidc/revoke' });
  const assertion = (await proofOf(site, 'robot')).fields['client_assertion'];
  const subject_token = keep('proof', assertion);
  const form = { grant_type: EXCHANGE, subject_token, subject_token_type: `${TYPE}jwt` };
  const exchanged = await requestToken(site, 'web', { ...form, audience: ORDERS });
  keep('exchanged', exchanged.body.access_token);
  const credentials = (await requestToken(site, 'web', { ...form, resource: DEPLOY })).body;
  keep('secret key', credentials['SecretAccessKey']);
  keep('session token', credentials['SessionToken']);
  const bad = { ...form, subject_token: keep('bad proof', `${subject_token}x`), actor_token: 'x' };
  await requestToken(site, 'web', { ...bad, actor_token_type: `${TYPE}jwt`, audience: ORDERS });
  const pushed = await requestToken(site, 'web', request.parameters, { path: '/oidc/par' });
  const request_uri = keep('request_uri', pushed.body['request_uri']);
  await browser.visit(
    `${site.publicUrl}/oidc/authorize?${new URLSearchParams({ client_id: 'web', request_uri }).toString()}`,
  );
  const device = (await requestToken(site, 'television', {}, { path: '/oidc/device_authorization' })).body;
  keep('user code', device['user_code']);
  const device_code = keep('device code', device['device_code']);
  await passPages(site, { browser }, await browser.visit(String(device['verification_uri_complete'])));
  await requestToken(site, 'television', { grant_type: DEVICE, device_code });
  return secrets;
}

test('the trail has no code, no token and no secret of any flow', async () => {
  const secrets = await issued();
  expect(secrets.size).toBe(15);
  const trail = (await site.auditLines()).join('\n');
  expect(trail).toContain('"eventName":"IssueToken"');
  const found = [...secrets].filter(
    ([, value]) => trail.includes(value) || trail.includes(encodeURIComponent(value)),
  );
  expect(found.map(([name]) => name)).toEqual([]);
});
