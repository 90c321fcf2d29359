import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TOKEN_TYPES } from '../../src/domain/application/token-type.ts';
import { TOKEN_EXCHANGE } from '../../src/protocols/oauth/parse-exchange.ts';
import {
  applicationConfig,
  DEPLOY,
  ORDERS,
  REPORTS,
  secretOf,
  type ClientName,
} from '../support/application-config.ts';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { requestToken, signInTo, verifyToken } from '../support/code-flow.ts';
import { callSts } from '../support/world-bridge.ts';

const ISSUES = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:GetWebIdentityToken', Resource: '*' }],
};
const entries = z.object({ roles: z.array(z.looseObject({})), services: z.array(z.looseObject({})) });

let site: ApplicationSite;
/** The site's roles, which may ask for tokens for services elsewhere, too; and its services. */
const parts = () => {
  const { roles, services } = entries.parse(
    applicationConfig({ server: site.server.url, idp: site.idp, publicUrl: site.publicUrl }),
  );
  return {
    accounts: [{ id: '123456789012', alias: 'acme', outboundWebIdentityFederation: true }],
    roles: roles.map((role) => ({ ...role, inlinePolicies: { own: ISSUES } })),
    services,
  };
};
beforeAll(async () => {
  site = await startApplicationSite();
  await site.reconfigure(parts());
}, 60_000);
afterAll(() => site.stop());

type Form = Readonly<Record<string, string>>;
const bring = (type: keyof typeof TOKEN_TYPES, token: string): Form => ({
  grant_type: TOKEN_EXCHANGE,
  subject_token: token,
  subject_token_type: TOKEN_TYPES[type],
});
const exchange = (form: Form, client: ClientName = 'web') => requestToken(site, client, form);

/** Sends what no client library would send; as `web` unless other headers are given. */
async function post(body: string, headers: Form = { authorization: basic('web') }) {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await fetch(`${site.publicUrl}/oidc/token`, {
    method: 'POST',
    headers: { ...type, ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}
const basic = (name: ClientName) => `Basic ${Buffer.from(`${name}:${secretOf(name)}`).toString('base64')}`;

/** The event of a refusal, found by what the client was told. */
async function eventOf(headers: Headers): Promise<string> {
  const reference = headers.get('x-rolebridge-reference');
  if (reference === null) throw new Error('no reference');
  const event = (await site.auditLines()).find((line) => line.includes(reference));
  if (event === undefined) throw new Error(`the trail has no ${reference}`);
  return event;
}

describe('what is given', () => {
  it('a token of a service for the token of a workload, which proves the client, too (RFC 7523, RFC 8693)', async () => {
    const form = { ...bring('jwt', await site.platformToken()), audience: ORDERS, scope: 'orders:read' };
    const { status, headers, body } = await exchange(form, 'robot');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      scope: 'orders:read',
      issued_token_type: TOKEN_TYPES['access-token'],
    });
    const { payload } = await verifyToken(site, body.access_token, { audience: ORDERS, type: 'at+jwt' });
    expect(payload).toMatchObject({ client_id: 'robot', scope: 'orders:read' });
  });

  it('credentials of a role, which the STS API knows', async () => {
    const { body } = await exchange({ ...bring('jwt', await site.platformToken()), resource: DEPLOY });
    const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = body.access_token.split(':');
    const answer = await callSts(
      { url: site.publicUrl },
      { Action: 'GetCallerIdentity' },
      { accessKeyId, secretAccessKey, sessionToken },
    );
    expect(answer.text('Arn')).toContain(':assumed-role/deploy/');
  });

  it('a token of the next service for the one that a person’s application holds, in their name', async () => {
    const { body, claims } = await signInTo(site, { browser: site.browser(), person: 'bob-1' }, [
      'web',
      { scope: 'openid orders:read', resource: ORDERS },
    ]);
    const next = await exchange({
      ...bring('access-token', body.access_token),
      audience: REPORTS,
      scope: 'reports:read',
    });
    const { payload, protectedHeader } = await verifyToken(site, next.body.access_token, {
      audience: REPORTS,
      type: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ sub: claims.sub, sid: claims['sid'], via: [ORDERS] });
    expect(payload.exp ?? Infinity).toBeLessThanOrEqual(decodeJwt(body.access_token).exp ?? 0);
  });

  it('credentials for an ID token, and a token of a service for the opaque one beside it', async () => {
    const { body } = await signInTo(site, { browser: site.browser(), person: 'carol-1' }, ['web']);
    const credentials = await exchange({ ...bring('id-token', body.id_token), resource: DEPLOY });
    expect(credentials.body).toMatchObject({
      Version: 1,
      token_type: 'N_A',
      issued_token_type: TOKEN_TYPES.aws4,
    });
    const token = await exchange({ ...bring('access-token', body.access_token), audience: ORDERS });
    expect(token.status).toBe(200);
  });
});

describe('what is refused, with an event and nothing issued', () => {
  const workload = async (claims = {}, more: Form = { audience: ORDERS }) => ({
    ...bring('jwt', await site.platformToken(claims)),
    ...more,
  });
  const past = Math.floor(Date.now() / 1000) - 1000;

  it.each<readonly [string, () => Promise<Form>, string]>([
    ['an expired token', () => workload({ exp: past }), 'invalid_request'],
    ['a token of an unknown issuer', () => workload({ iss: 'https://evil.example' }), 'invalid_request'],
    ['a token for another audience', () => workload({ aud: 'sts.amazonaws.com' }), 'invalid_request'],
    ['a token in our name that is not ours', () => workload({ iss: site.publicUrl }), 'invalid_request'],
    ['somebody whom the policy does not name', () => workload({ sub: 'repo:evil/app' }), 'invalid_target'],
    [
      'a service that there is not',
      () => workload({}, { audience: 'https://none.example' }),
      'invalid_target',
    ],
    ['a role that there is not', () => workload({}, { resource: `${DEPLOY}2` }), 'invalid_target'],
    [
      'a scope that there is not',
      () => workload({}, { audience: ORDERS, scope: 'orders:burn' }),
      'invalid_scope',
    ],
  ])('%s', async (_, form, error) => {
    const answer = await exchange(await form());
    expect([answer.status, answer.body.error]).toEqual([400, error]);
    expect(answer.body.access_token).toBe('');
    const event = await eventOf(answer.headers);
    expect(event).toContain(`"errorCode":"${error}"`);
    expect(event).not.toContain((await form())['subject_token']?.split('.')[1]);
  });

  it('a target that is refused as one that there is not', async () => {
    const [refused, none] = [
      await exchange(await workload({ sub: 'repo:evil/app' })),
      await exchange(await workload({}, { audience: 'https://none.example' })),
    ];
    const told = ({ body }: typeof refused) => ({ ...body, reference: '' });
    expect(told(refused)).toEqual(told(none));
  });

  it('a client without the grant', async () => {
    const { status, body } = await exchange(await workload(), 'spa');
    expect([status, body.access_token]).toEqual([400, '']);
    expect(body.error).toBe('unauthorized_client');
  });

  it('a client with the token of another one (mixed-up clients)', async () => {
    const { body } = await signInTo(site, { browser: site.browser(), person: 'dave-1' }, ['web']);
    const answer = await exchange({ ...bring('id-token', body.id_token), audience: ORDERS }, 'post');
    expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client']);
  });

  it('a workload that is not the application, and a client that there is not, in the same words', async () => {
    const assertion = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
    const ask = async (client_id: string, sub: string) => {
      const client_assertion = await site.platformToken({ sub });
      const form = { ...(await workload()), ...assertion, client_id, client_assertion };
      return post(new URLSearchParams(form).toString(), {});
    };
    const [refused, none] = [await ask('robot', 'repo:evil/app'), await ask('nobody', 'repo:evil/app')];
    expect([refused.status, none.status]).toEqual([401, 401]);
    const told = (text: string) => text.replace(/"reference":"[^"]*"/, '');
    expect(told(refused.body)).toBe(told(none.body));
    expect(await eventOf(refused.headers)).toContain('"eventName":"AuthenticateClient"');
  });

  it('a token of somebody who signed out', async () => {
    const browser = site.browser();
    const { body } = await signInTo(site, { browser, person: 'erin-1' }, [
      'web',
      { scope: 'openid orders:read', resource: ORDERS },
    ]);
    const form = { ...bring('access-token', body.access_token), audience: REPORTS };
    expect((await exchange(form)).status).toBe(200);
    await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
    const answer = await exchange(form);
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
    await eventOf(answer.headers);
  });

  it('a token of GetWebIdentityToken as an ID token', async () => {
    const { body } = await exchange({ ...bring('jwt', await site.platformToken()), resource: DEPLOY });
    const [accessKeyId = '', secretAccessKey = '', sessionToken = ''] = body.access_token.split(':');
    const by = { accessKeyId, secretAccessKey, sessionToken };
    const parameters = {
      Action: 'GetWebIdentityToken',
      'Audience.member.1': 'https://vault.example',
      SigningAlgorithm: 'RS256',
    };
    const token = (await callSts({ url: site.publicUrl }, parameters, by)).text('WebIdentityToken');
    if (token === undefined) throw new Error('no token');
    expect((await exchange({ ...bring('id-token', token), audience: ORDERS })).body.error).toBe(
      'invalid_request',
    );
  });
});

describe('a form that nobody’s library writes', () => {
  const encoded = async (more: Form = {}) =>
    new URLSearchParams({
      ...bring('jwt', await site.platformToken()),
      audience: ORDERS,
      ...more,
    }).toString();

  it.each(['subject_token=x', 'grant_type=x', 'client_id=web&client_id=web', 'scope=a&scope=b'])(
    'is refused with %s beside the rest',
    async (more) => {
      const { status, body } = await post(`${await encoded()}&${more}`);
      expect([status, body]).toEqual([400, expect.stringContaining('"error":"invalid_request"')]);
    },
  );

  it('is refused with two audiences (RFC 8693 2.2.2)', async () => {
    const { status, body } = await post(`${await encoded()}&audience=${encodeURIComponent(REPORTS)}`);
    expect([status, body]).toEqual([400, expect.stringContaining('"error":"invalid_target"')]);
  });

  it('is refused with a token of 20,001 characters', async () => {
    const { status, body } = await post(await encoded({ subject_token: 'x'.repeat(20_001) }));
    expect([status, body]).toEqual([400, expect.stringContaining('"error":"invalid_request"')]);
  });

  it('is refused beyond 300 kB', async () => {
    const { status } = await post(await encoded({ something: 'x'.repeat(300_001) }));
    expect(status).toBe(413);
  });
});

it('goes by the configuration of now, after a reload', async () => {
  const form = { ...bring('jwt', await site.platformToken()), audience: ORDERS };
  const { body } = await exchange(form);
  const services = parts().services.map((service) => ({ ...service, exchangePolicy: undefined }));
  await site.reconfigure({ ...parts(), services });
  expect((await exchange(form)).body.error).toBe('invalid_target');
  // What was given before lives on where nothing of what stands behind it was removed.
  expect((await exchange({ ...bring('jwt', body.access_token), resource: DEPLOY })).status).toBe(200);
  await site.reconfigure(parts());
});
