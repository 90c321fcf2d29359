import { X509Certificate } from 'node:crypto';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parsePost, xmlOf } from '../../src/protocols/saml/bindings.ts';
import { SAML_PROTOCOL } from '../../src/protocols/saml/namespaces.ts';
import { attributeOf, isNamed, parseXml } from '../../src/protocols/saml/xml-document.ts';
import { createTestIdp, GOOD_CONTENT } from '../support/saml/identity-provider.ts';
import { startRedis, type RedisServer } from '../support/redis-server.ts';
import {
  type Browser,
  createBrowser,
  formOf,
  respond,
  type SamlWorld,
  signInWithSaml,
  startLogin,
  startSamlWorld,
} from '../support/saml-browser.ts';
import { callSts } from '../support/world-bridge.ts';

let saml: SamlWorld;
let browser: Browser;
beforeAll(async () => {
  saml = await startSamlWorld();
});
afterAll(async () => {
  await saml.stop();
});
beforeEach(() => {
  browser = createBrowser(saml.world.url);
});

const idpOf = () => saml.idp;
/** The events that name this reference, or all of this name. */
async function events(eventName: string): Promise<readonly string[]> {
  return (await saml.world.auditLines()).filter((line) => line.includes(`"eventName":"${eventName}"`));
}

describe('the login', () => {
  it('sends the browser to its identity provider with a request that waits ten minutes (SAML Profiles 4.1.4.1)', async () => {
    const { answer, relayState, xml } = await startLogin(browser);
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toMatch(/^https:\/\/idp\.example\.com\/sso\?SAMLRequest=/);
    const request = parseXml(xml);
    expect(isNamed(request, SAML_PROTOCOL, 'AuthnRequest')).toBe(true);
    expect(attributeOf(request, 'AssertionConsumerServiceURL')).toBe('http://127.0.0.1:8080/saml/corp/acs');
    expect(relayState).toMatch(/^[\w-]{43}$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(
      /^rolebridge-login-[\w-]{12}=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    expect(cookie).not.toContain(relayState);
  });

  it('gives each attempt an ID, a handle and a cookie of its own', async () => {
    const [one, two] = [await startLogin(browser), await startLogin(browser)];
    expect(one.requestId).not.toBe(two.requestId);
    expect(one.relayState).not.toBe(two.relayState);
    expect(browser.cookies.size).toBe(2);
  });

  it('goes by POST, signed, where the identity provider wants that (SAML Bindings 3.5.4)', async () => {
    const answer = await browser.get('/saml/post/login');
    const html = await answer.text();
    const { action, fields } = formOf(html);
    expect(action).toBe('https://idp.example.com/sso');
    const request = parseXml(xmlOf(parsePost(new URLSearchParams(fields).toString())));
    expect(attributeOf(request, 'Destination')).toBe(action);
    expect(request.getElementsByTagName('ds:SignatureValue')).toHaveLength(1);
    const policy = answer.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script>|onload|style=/);
  });

  it('asks for a new authentication and for contexts where the flow does', async () => {
    const { xml } = await startLogin(
      browser,
      'corp',
      '?ForceAuthn=true&AuthnContextClassRef=urn:mfa&AuthnContextClassRef=urn:pwd',
    );
    expect(xml).toContain('ForceAuthn="true"');
    expect(xml).toContain(
      '<saml:AuthnContextClassRef>urn:mfa</saml:AuthnContextClassRef><saml:AuthnContextClassRef>urn:pwd<',
    );
  });

  it.each([
    'ReturnTo=https://evil.example.com/',
    'ReturnTo=//evil.example.com/',
    'ReturnTo=/%5Cevil.example.com/',
    'ReturnTo=/%0d%0aLocation:x',
    'ReturnTo=javascript:alert(1)',
    'ReturnTo=',
    'ReturnTo=/a&ReturnTo=/b',
    'ForceAuthn=perhaps',
    'AuthnContextClassRef=plain',
    'AuthnContextClassRef=urn:a&'.repeat(6),
    `AuthnContextClassRef=urn:${'a'.repeat(300)}`,
  ])('refuses %s', async (query) => {
    const answer = await browser.get(`/saml/corp/login?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.getSetCookie().filter((line) => line.includes('-login-'))).toEqual([]);
  });

  it.each(['nobody', 'constructor', '__proto__', '..%2f', 'CORP'])('knows no provider %s', async (name) => {
    const answer = await browser.get(`/saml/${name}/login`);
    expect(answer.status).toBe(404);
  });
});

describe('a provider that is trusted for AssumeRoleWithSAML alone', () => {
  it('signs nobody in', async () => {
    const begun = await browser.get('/saml/tools/login');
    const SAMLResponse = respond({ idp: idpOf(), provider: 'tools', requestId: null });
    const ended = await browser.post('/saml/tools/acs', { SAMLResponse });
    expect([begun.status, ended.status]).toEqual([403, 403]);
    expect([...browser.cookies.keys()]).not.toContain('rolebridge-session');
    const refusals = (await events('SamlSignIn')).filter((line) => line.includes('has no signIn'));
    expect(refusals).toHaveLength(2);
    expect((await browser.get('/signin/tools')).status).toBe(404);
  });
});

describe('the assertion consumer service', () => {
  it('takes the answer to the attempt of this browser, and opens a session', async () => {
    const { requestId, relayState } = await startLogin(browser, 'corp', '?ReturnTo=/sessions');
    const SAMLResponse = respond({ idp: idpOf(), requestId });
    const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/sessions']);
    expect([...browser.cookies.keys()].toSorted()).toEqual(['rolebridge-provider', 'rolebridge-session']);
    const page = await browser.get('/sessions');
    expect([page.status, (await page.text()).includes('user-1@example.com')]).toEqual([200, true]);
    const event = (await events('SamlSignIn')).at(-1) ?? '';
    expect(event).toContain('"outcome":"allowed"');
    expect(event).toContain('"eventSource":"signin.amazonaws.com"');
    expect(event).toContain('"type":"SAMLUser"');
    expect(event).not.toContain(SAMLResponse.slice(100, 200));
  });

  it('gives a new session each time, and ends the one that the browser had, though the answer comes without its cookie', async () => {
    await signInWithSaml(browser, saml);
    const former = browser.cookies.get('rolebridge-session') ?? '';
    const { requestId, relayState } = await startLogin(browser);
    // A form of another site brings no SameSite=Lax cookie.
    browser.cookies.delete('rolebridge-session');
    const SAMLResponse = respond({ idp: idpOf(), requestId });
    await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
    expect((await browser.get('/sessions')).status).toBe(200);
    const thief = createBrowser(saml.world.url);
    thief.cookies.set('rolebridge-session', former);
    expect((await thief.get('/sessions')).status).toBe(303);
  });

  it('takes an encrypted assertion by the certificates of our metadata', async () => {
    const metadata = await (await browser.get('/saml/corp/metadata')).text();
    const [, certificate = ''] = /use="encryption">.*?<ds:X509Certificate>([^<]*)</.exec(metadata) ?? [];
    const pem = `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`;
    const { requestId, relayState } = await startLogin(browser);
    const encryption = { key: new X509Certificate(pem).publicKey };
    const SAMLResponse = respond({ idp: idpOf(), requestId, signing: 'assertion', encryption });
    const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
    expect(answer.status).toBe(303);
  });

  it('keeps sign-ins in two tabs apart', async () => {
    const [one, two] = [await startLogin(browser), await startLogin(browser)];
    for (const { requestId, relayState } of [two, one]) {
      const SAMLResponse = respond({ idp: idpOf(), requestId });
      expect((await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState })).status).toBe(
        303,
      );
    }
  });

  it('shows a name as text, whatever is in it', async () => {
    const { requestId, relayState } = await startLogin(browser);
    const nameId = '<saml:NameID>&lt;script&gt;alert(1)&lt;/script&gt;"</saml:NameID>';
    const SAMLResponse = respond({ idp: idpOf(), requestId }, { nameId, attributes: '' });
    await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
    const html = await (await browser.get('/sessions')).text();
    expect(html).toContain('&lt;script');
    expect(html).not.toContain('<script>alert');
  });

  it('takes the same response once, and its attempt once', async () => {
    const { requestId, relayState } = await startLogin(browser);
    const fields = { SAMLResponse: respond({ idp: idpOf(), requestId }), RelayState: relayState };
    const cookies = new Map(browser.cookies);
    expect((await browser.post('/saml/corp/acs', fields)).status).toBe(303);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    expect((await browser.post('/saml/corp/acs', fields)).status).toBe(403);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    const another = { ...fields, SAMLResponse: respond({ idp: idpOf(), requestId }) };
    expect((await browser.post('/saml/corp/acs', another)).status).toBe(403);
  });

  it('tells a refused browser a reference and a time, and an operator the reason', async () => {
    const { requestId, relayState } = await startLogin(browser);
    const SAMLResponse = respond({ idp: idpOf(), requestId: 'other' });
    const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState });
    const html = await answer.text();
    const reference = answer.headers.get('x-rolebridge-reference') ?? '';
    expect(answer.status).toBe(403);
    expect(html).toContain(reference);
    expect(html).toContain('/signin/corp');
    expect(html).not.toMatch(/InResponseTo|signature|assertion/i);
    expect(html).not.toContain(requestId);
    const event = (await events('SamlSignIn')).find((line) => line.includes(reference)) ?? '';
    expect(event).toContain('"errorCode":"invalid-identity-token"');
    expect(event).toContain('InResponseTo');
    expect(event).toMatch(/"tokenHash":"[\da-f]{64}"/);
  });

  describe('refuses', () => {
    const fresh = async () => {
      const { requestId, relayState } = await startLogin(browser);
      return { SAMLResponse: respond({ idp: idpOf(), requestId }), RelayState: relayState };
    };
    const expectRefused = async (fields: Readonly<Record<string, string>>, path = '/saml/corp/acs') => {
      const answer = await browser.post(path, fields);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('x-rolebridge-reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    };

    it('a browser without the cookie: somebody else’s sign-in (login CSRF)', async () => {
      const fields = await fresh();
      browser = createBrowser(saml.world.url);
      await expectRefused(fields);
    });

    it('a forged cookie', async () => {
      const fields = await fresh();
      for (const name of browser.cookies.keys()) browser.cookies.set(name, 'A'.repeat(43));
      await expectRefused(fields);
    });

    it('the cookie of another attempt under this one’s name', async () => {
      const fields = await fresh();
      const [name = ''] = browser.cookies.keys();
      await startLogin(browser);
      const [, other = ''] = browser.cookies.values();
      browser.cookies.set(name, other);
      await expectRefused(fields);
    });

    it('the cookie twice: one of them was planted', async () => {
      const fields = await fresh();
      const [[name = '', value = ''] = []] = browser.cookies;
      browser.cookies.set(name, `${value}; ${name}=${value}`);
      await expectRefused(fields);
    });

    it('the handle of another attempt of the same browser', async () => {
      const [one, two] = [await fresh(), await fresh()];
      await expectRefused({ ...one, RelayState: two.RelayState });
    });

    it('the attempt of another provider', async () => {
      const { requestId, relayState } = await startLogin(browser, 'corp');
      const SAMLResponse = respond({ idp: idpOf(), requestId, provider: 'open' });
      await expectRefused({ SAMLResponse, RelayState: relayState }, '/saml/open/acs');
    });

    it('a response that was made for another provider’s endpoint', async () => {
      const { requestId, relayState } = await startLogin(browser, 'corp');
      const SAMLResponse = respond({ idp: idpOf(), requestId, provider: 'open' });
      await expectRefused({ SAMLResponse, RelayState: relayState });
    });

    it('an attempt that is older than ten minutes', async () => {
      const fields = await fresh();
      const db = new DatabaseSync(join(dirname(saml.world.configPath), 'state.db'));
      db.exec('UPDATE login_attempts SET expires_at = 1');
      db.close();
      await expectRefused(fields);
    });

    it.each([
      '',
      'https://evil.example.com/',
      '//evil.example.com',
      'A'.repeat(43),
      'A'.repeat(200),
      '../../x',
    ])('the RelayState %j, which names no attempt and leads nowhere', async (RelayState) => {
      const { SAMLResponse } = await fresh();
      const answer = await browser.post('/saml/corp/acs', { SAMLResponse, RelayState });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('location')).toBeNull();
    });

    it.each([
      ['another key', { key: createTestIdp().key }, {}],
      ['no signature', { signing: 'none' }, {}],
      ['another issuer', {}, { issuer: 'https://evil.example.com' }],
      [
        'another audience',
        {},
        {
          conditions:
            '<saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>',
        },
      ],
      ['AWS as its recipient', {}, { recipient: 'https://signin.aws.amazon.com/saml', destination: null }],
      [
        'a failure for its status',
        {},
        { status: '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/>' },
      ],
    ] as const)('a response with %s', async (_name, options, changes) => {
      const { requestId, relayState } = await startLogin(browser);
      const SAMLResponse = respond({ idp: idpOf(), requestId, ...options }, changes);
      await expectRefused({ SAMLResponse, RelayState: relayState });
    });

    it('an authentication that is older than the request, which had ForceAuthn', async () => {
      const { requestId, relayState } = await startLogin(browser, 'corp', '?ForceAuthn=true');
      const SAMLResponse = respond({ idp: idpOf(), requestId, authnInstantMs: Date.now() - 120_000 });
      await expectRefused({ SAMLResponse, RelayState: relayState });
    });

    it('a sign-in that the provider lets end at once: it would go round and round', async () => {
      const { requestId, relayState } = await startLogin(browser);
      const ended = new Date(Date.now() - 5_000).toISOString();
      const authnStatement = GOOD_CONTENT.authnStatement.replace(
        /SessionNotOnOrAfter="[^"]*"/,
        `SessionNotOnOrAfter="${ended}"`,
      );
      const SAMLResponse = respond({ idp: idpOf(), requestId }, { authnStatement });
      await expectRefused({ SAMLResponse, RelayState: relayState });
    });

    it('an authentication context that nobody requested', async () => {
      const { requestId, relayState } = await startLogin(browser, 'corp', '?AuthnContextClassRef=urn:mfa');
      await expectRefused({ SAMLResponse: respond({ idp: idpOf(), requestId }), RelayState: relayState });
    });
  });

  it('takes the authentication context that was requested', async () => {
    const context = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
    const { requestId, relayState } = await startLogin(
      browser,
      'corp',
      `?ForceAuthn=true&AuthnContextClassRef=${context}`,
    );
    const SAMLResponse = respond({ idp: idpOf(), requestId });
    expect((await browser.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState })).status).toBe(303);
  });

  it.each([
    ['a body that is no form', { body: '{}', headers: { 'content-type': 'application/json' } }, 400],
    ['no message', { body: new URLSearchParams({ a: 'b' }) }, 400],
    ['a request', { body: new URLSearchParams({ SAMLRequest: 'YQ==' }) }, 400],
    ['two responses', { body: new URLSearchParams('SAMLResponse=YQ%3D%3D&SAMLResponse=YQ%3D%3D') }, 400],
    [
      'bytes that are not UTF-8',
      { body: Buffer.from([0xff]), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      400,
    ],
    ['100,001 characters', { body: new URLSearchParams({ SAMLResponse: 'A'.repeat(100_001) }) }, 400],
    ['300 kB and more', { body: new URLSearchParams({ SAMLResponse: 'A'.repeat(300_001) }) }, 413],
  ])('answers %s without an event in the audit trail', async (_name, request, status) => {
    const before = (await events('SamlSignIn')).length;
    const answer = await fetch(`${saml.world.url}/saml/corp/acs`, { method: 'POST', ...request });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await events('SamlSignIn')).toHaveLength(before);
  });

  it.each(['GET', 'PUT', 'DELETE'])('has no %s', async (method) => {
    const { requestId, relayState } = await startLogin(browser);
    const query = new URLSearchParams({
      SAMLResponse: respond({ idp: idpOf(), requestId }),
      RelayState: relayState,
    });
    const answer = await fetch(`${saml.world.url}/saml/corp/acs?${query.toString()}`, { method });
    expect(answer.status).toBe(405);
  });
});

describe('a response that nobody asked for', () => {
  const unasked = (provider: string) => ({
    SAMLResponse: respond({ idp: idpOf(), provider, requestId: null }),
  });

  it('is refused where the provider does not allow it', async () => {
    expect((await browser.post('/saml/corp/acs', unasked('corp'))).status).toBe(403);
  });

  it('is taken where it does, once, whatever RelayState the identity provider adds', async () => {
    const fields = unasked('open');
    const withState = { ...fields, RelayState: 'https://evil.example.com/' };
    const answer = await browser.post('/saml/open/acs', withState);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/roles']);
    expect((await createBrowser(saml.world.url).post('/saml/open/acs', fields)).status).toBe(403);
  });

  it('is refused where it answers a request after all (SAML Profiles 4.1.5)', async () => {
    const { requestId } = await startLogin(browser, 'open');
    const SAMLResponse = respond({ idp: idpOf(), provider: 'open', requestId });
    expect((await browser.post('/saml/open/acs', { SAMLResponse })).status).toBe(403);
  });

  it('opens nothing at the STS endpoint once it has signed somebody in, and the other way round', async () => {
    const principal = 'arn:aws:iam::111122223333:saml-provider/open';
    const statement = {
      Effect: 'Allow',
      Principal: { Federated: principal },
      Action: 'sts:AssumeRoleWithSAML',
      Condition: { StringEquals: { 'saml:sub': 'user-1' } },
    };
    const trustPolicy = { Version: '2012-10-17', Statement: [statement] };
    await saml.world.reconfigure({
      roles: (roles) => [...roles, { name: 'signed-in', account: '111122223333', trustPolicy }],
    });
    const assume = async ({ SAMLResponse }: { SAMLResponse: string }) =>
      callSts(saml.world, {
        Action: 'AssumeRoleWithSAML',
        RoleArn: 'arn:aws:iam::111122223333:role/signed-in',
        PrincipalArn: principal,
        SAMLAssertion: SAMLResponse,
      });
    const [one, two] = [unasked('open'), unasked('open')];
    expect((await assume(one)).status).toBe(200);
    expect((await browser.post('/saml/open/acs', one)).status).toBe(403);
    expect((await browser.post('/saml/open/acs', two)).status).toBe(303);
    const answer = await assume(two);
    expect([answer.status, answer.text('Code')]).toEqual([400, 'InvalidIdentityToken']);
  });
});

describe('behind https', () => {
  it('binds the attempt with a cookie that comes back from another site, and that no other host can set', async () => {
    const secure = await startSamlWorld({ publicUrl: 'https://sts.example.com' }, idpOf());
    const own = createBrowser(secure.world.url);
    const { answer, requestId, relayState } = await startLogin(own);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-rolebridge-login-[\w-]{12}=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=None; Secure$/,
    );
    const SAMLResponse = respond({ idp: idpOf(), requestId, publicUrl: 'https://sts.example.com' });
    expect((await own.post('/saml/corp/acs', { SAMLResponse, RelayState: relayState })).status).toBe(303);
    await secure.stop();
  });
});

describe('two nodes on one Redis', () => {
  let redis: RedisServer;
  let nodes: readonly [SamlWorld, SamlWorld];
  beforeAll(async () => {
    redis = await startRedis();
    const extra = { store: { redis: { url: redis.url } }, masterKey: { file: saml.world.masterKeyFile } };
    nodes = [await startSamlWorld(extra, idpOf()), await startSamlWorld(extra, idpOf())];
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await redis.stop();
  });

  it('take the same unasked-for response once when it is posted to both at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const fields = { SAMLResponse: respond({ idp: idpOf(), provider: 'open', requestId: null }) };
      const answers = await Promise.all(
        nodes.flatMap(({ world }) =>
          [1, 2, 3].map(() => createBrowser(world.url).post('/saml/open/acs', fields)),
        ),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 403, 403, 403, 403, 403]);
    }
  });

  it('take the answer to an attempt that the other one began, once', async () => {
    const [one, two] = nodes.map(({ world }) => createBrowser(world.url));
    if (one === undefined || two === undefined) throw new Error('no nodes');
    const { requestId, relayState } = await startLogin(one);
    for (const [name, value] of one.cookies) two.cookies.set(name, value);
    const fields = { SAMLResponse: respond({ idp: idpOf(), requestId }), RelayState: relayState };
    const answers = await Promise.all([
      one.post('/saml/corp/acs', fields),
      two.post('/saml/corp/acs', fields),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, 403]);
  });

  it('show the same keys in their metadata', async () => {
    const certificates = await Promise.all(
      nodes.map(async ({ world }) => {
        const xml = await (await fetch(`${world.url}/saml/corp/metadata`)).text();
        return Array.from(xml.matchAll(/<ds:X509Certificate>([^<]*)</g), ([, text]) =>
          text?.replace(/\s/g, ''),
        );
      }),
    );
    expect(certificates[0]).toEqual(certificates[1]);
    // The signature's KeyInfo, and two for each use.
    expect(new Set(certificates[0]).size).toBe(4);
  });

  it('answer 503 while Redis is down', async () => {
    const [node] = nodes;
    const own = createBrowser(node.world.url);
    const { requestId, relayState } = await startLogin(own);
    await redis.kill();
    const fields = { SAMLResponse: respond({ idp: idpOf(), requestId }), RelayState: relayState };
    const [begun, ended] = await Promise.all([
      own.get('/saml/corp/login'),
      own.post('/saml/corp/acs', fields),
    ]);
    expect([begun.status, ended.status]).toEqual([503, 503]);
    expect(begun.headers.getSetCookie().filter((line) => line.includes('-login-'))).toEqual([]);
    await redis.restart();
  });
});

it('tells of the metadata’s certificate by a metric', async () => {
  const metrics = await (await fetch(`${saml.world.bridge.addresses.management}/metrics`)).text();
  expect(metrics).toMatch(/rolebridge_cert_expiry_timestamp_seconds\{provider="corp"\} \d+/);
  expect(metrics).toContain('http_route="/saml/:provider/acs"');
});
