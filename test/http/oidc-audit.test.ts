import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { ClientName } from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  authorize,
  codeRequest,
  passPages,
  redeem,
  refresh,
  requestToken,
  signInTo,
} from '../support/code-flow.ts';

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());

const event = z.looseObject({
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.string().optional(),
  requestParameters: z.record(z.string(), z.unknown()),
  additionalEventData: z.looseObject({ reference: z.string().optional(), reused: z.string().optional() }),
});
type Event = z.infer<typeof event>;

async function events(name: string): Promise<readonly Event[]> {
  const lines = await site.auditLines();
  return lines
    .map((line) => event.parse(JSON.parse(line)))
    .filter(({ eventName, eventSource }) => eventName === name && eventSource === 'oidc.rolebridge');
}

/** The event of a refusal, by the reference that came with it. */
async function eventOf({ headers }: { readonly headers: Headers }): Promise<Event | undefined> {
  const reference = headers.get('x-rolebridge-reference');
  return (await events('IssueToken')).find(
    ({ additionalEventData }) => additionalEventData.reference === reference,
  );
}

const reuseOf = (reused: string, clientId: ClientName) => ({
  errorCode: 'invalid_grant',
  requestParameters: { clientId },
  additionalEventData: { outcome: 'failed', reused },
});

test('the second use of a code is named in its event (RFC 9700 4.14.2)', async () => {
  const answer = await authorize(site, { browser: site.browser() }, await codeRequest(site, 'web'));
  await redeem(site, answer);
  expect(await eventOf(await redeem(site, answer))).toMatchObject(reuseOf('authorization-code', 'web'));
});

test('so is that of a refresh token, also where another application brings it', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  await refresh(site, 'web', body.refresh_token);
  expect(await eventOf(await refresh(site, 'post', body.refresh_token))).toMatchObject(
    reuseOf('refresh-token', 'post'),
  );
  expect(await eventOf(await refresh(site, 'web', body.refresh_token))).toMatchObject(
    reuseOf('refresh-token', 'web'),
  );
});

test('so is that of a race for a refresh token', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  const answers = await Promise.all([1, 2, 3].map(() => refresh(site, 'web', body.refresh_token)));
  const refused = answers.filter(({ status }) => status !== 200);
  const found = await Promise.all(refused.map(eventOf));
  expect(found).toContainEqual(expect.objectContaining({ errorCode: 'invalid_grant' }));
  expect(found.some((one) => one?.additionalEventData.reused === 'refresh-token')).toBe(true);
});

test('so is that of a device code', async () => {
  const begun = await requestToken(
    site,
    'television',
    { scope: 'openid' },
    { path: '/oidc/device_authorization' },
  );
  const browser = site.browser();
  const asked = await passPages(
    site,
    { browser },
    await browser.visit(String(begun.body['verification_uri_complete'])),
  );
  const shown = await browser.submit(asked, {}, '/device');
  await browser.submit(shown, { confirm: 'yes' }, '/device');
  const poll = () =>
    requestToken(site, 'television', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: String(begun.body['device_code']),
    });
  expect((await poll()).status).toBe(200);
  expect(await eventOf(await poll())).toMatchObject(reuseOf('device-code', 'television'));
});

test('other refusals name no second use', async () => {
  const refused = await refresh(site, 'web', 'no-such-token');
  const found = await eventOf(refused);
  expect(found).toMatchObject({ errorCode: 'invalid_grant', requestParameters: { clientId: 'web' } });
  expect(found?.additionalEventData.reused).toBeUndefined();
});

test('what is malformed and of nobody whom we know stays out of the trail', async () => {
  const before = (await events('IssueToken')).length;
  const send = (body: string) =>
    fetch(`${site.publicUrl}/oidc/token`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  for (const body of ['grant_type=refresh_token', 'client_assertion=x&client_assertion_type=y', '']) {
    const answer = await send(body);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get('x-rolebridge-reference')).toBeNull();
  }
  expect(await events('IssueToken')).toHaveLength(before);
  // A wrong proof of a known one is what a guesser sends.
  const guess = await send('grant_type=refresh_token&client_id=post&client_secret=guess&refresh_token=x');
  expect(guess.status).toBe(401);
  expect(await eventOf(guess)).toMatchObject({
    errorCode: 'invalid_client',
    requestParameters: { clientId: 'post' },
  });
});

test('answers are counted by grant and outcome, whoever refused them', async () => {
  const { body } = await signInTo(site, { browser: site.browser() }, ['web']);
  await refresh(site, 'web', body.refresh_token);
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: body.id_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    audience: 'https://none.example',
  };
  for (const client of ['web', 'post'] as const) await requestToken(site, client, exchange);
  await requestToken(site, 'web', { grant_type: 'made-up' });
  const address = site.nodes[0]?.bridge.addresses.management ?? '';
  const metrics = await (await fetch(`${address}/metrics`)).text();
  const lines = metrics.split('\n').filter((line) => line.startsWith('rolebridge_token_requests_total{'));
  for (const labels of [
    'grant="authorization_code",outcome="success",reason=""',
    'grant="refresh_token",outcome="success",reason=""',
    'grant="token_exchange",outcome="failure",reason="invalid_target"',
    'grant="token_exchange",outcome="failure",reason="unauthorized_client"',
    'grant="unknown",outcome="failure",reason="unsupported_grant_type"',
  ])
    expect(lines.join('\n')).toContain(`{${labels}}`);
});
