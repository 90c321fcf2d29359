import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { ORDERS } from '../support/application-config.ts';
import {
  authorize,
  codeRequest,
  redeem,
  refresh,
  requestToken,
  signInTo,
  userinfo,
  verifyToken,
} from '../support/code-flow.ts';

let site: ApplicationSite;

beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());

test('signs somebody in to an application by a code (OpenID Connect Core 3.1)', async () => {
  const browser = site.browser();
  const { claims, body } = await signInTo(site, { browser }, ['web']);
  expect(claims).toMatchObject({
    name: 'Alice Example',
    email: 'alice@acme.example',
    acr: 'urn:rolebridge:acr:sign-in',
  });
  expect(claims['sid']).toMatch(/^[\w-]{16}$/);
  expect(await userinfo(site, body.access_token)).toMatchObject({ status: 200, body: { sub: claims.sub } });
});
