import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  isSignatureValid,
  type MessageKind,
  parsePost,
  postFields,
  redirectUrl,
  xmlOf,
} from '../../src/protocols/saml/bindings.ts';
import { renderLogoutRequest, renderLogoutResponse } from '../../src/protocols/saml/logout.ts';
import { SAML_PROTOCOL } from '../../src/protocols/saml/namespaces.ts';
import { signXml } from '../../src/protocols/saml/sign-xml.ts';
import { attributeOf, parseXml, requiredChild } from '../../src/protocols/saml/xml-document.ts';
import { verifyEnvelopedSignature } from '../../src/protocols/saml/xml-signature.ts';
import { createTestIdp, GOOD_CONTENT } from '../support/saml/identity-provider.ts';
import {
  type Browser,
  createBrowser,
  formOf,
  redirectedMessage,
  respond,
  type SamlWorld,
  signInWithSaml,
  signOut,
  startLogin,
  startSamlWorld,
} from '../support/saml-browser.ts';

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

const SP = 'http://127.0.0.1:8080/saml';
const slo = (provider: string) => `${SP}/${provider}/slo`;
let serial = 0;
const outgoing = (provider = 'corp') => ({
  id: `_logout-${(serial += 1)}`,
  issueInstantMs: Date.now(),
  destination: slo(provider),
  issuer: saml.idp.entityId,
});
const signer = () => ({
  key: saml.idp.key,
  algorithm: 'rsa-sha256' as const,
  certificate: saml.idp.certificate,
});
const keyOf = (certificate: string) => new X509Certificate(certificate).publicKey;

/** The service provider's key, as its metadata names it. */
async function ourKey() {
  const xml = await (await browser.get('/saml/corp/metadata')).text();
  const [, certificate = ''] = /use="signing">.*?<ds:X509Certificate>([^<]*)</.exec(xml) ?? [];
  return keyOf(`-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`);
}

/** Brings a message of the identity provider by redirect. */
function bring(kind: MessageKind, xml: string, { relayState = 'idp-state', key = saml.idp.key } = {}) {
  const url = redirectUrl(slo('corp'), { kind, xml, relayState }, { key, algorithm: 'rsa-sha256' });
  return browser.get(url.slice(url.indexOf('/saml/')));
}

/** Signs in, then out: the answer leads to the identity provider. */
async function leave(provider = 'corp'): Promise<Response> {
  await signInWithSaml(browser, saml, { provider });
  return signOut(browser);
}

/** Whether the browser is still signed in here. */
async function isSignedIn(): Promise<boolean> {
  const answer = await browser.get('/sessions');
  return answer.status === 200;
}

describe('signing out here', () => {
  it('asks the identity provider, signed, to end the sign-in that it made (SAML Core 3.7.1)', async () => {
    const answer = await leave();
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toMatch(/^https:\/\/idp\.example\.com\/slo\?SAMLRequest=/);
    const message = redirectedMessage(answer);
    const signature = message.binding === 'redirect' ? message.signature : undefined;
    expect(signature && isSignatureValid(signature, [await ourKey()], ['rsa-sha256'])).toBe(true);
    expect(message.xml).toContain('>user-1</saml:NameID>');
    expect(message.xml).toContain('<samlp:SessionIndex>_session-1</samlp:SessionIndex>');
  });

  it.each([
    ['did', (xml: string) => xml, 'signed out at Acme corp, too'],
    ['did not', (xml: string) => xml.replace(':status:Success', ':status:Responder'), 'did not'],
  ])('says whether the identity provider %s', async (_name, change, text) => {
    const { id, relayState } = redirectedMessage(await leave());
    const xml = change(renderLogoutResponse(outgoing(), id));
    const answer = await bring('SAMLResponse', xml, { relayState: relayState ?? '' });
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).toContain(text);
  });

  it('takes an answer by POST, too', async () => {
    const { id, relayState = '' } = redirectedMessage(await leave());
    const xml = signXml(renderLogoutResponse(outgoing(), id), signer());
    const answer = await browser.post(
      '/saml/corp/slo',
      postFields({ kind: 'SAMLResponse', xml, relayState }),
    );
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('signed out at Acme corp, too');
  });

  describe('refuses an answer', () => {
    const begin = async () => redirectedMessage(await leave());

    it('of another browser', async () => {
      const { id, relayState = '' } = await begin();
      browser = createBrowser(saml.world.url);
      expect((await bring('SAMLResponse', renderLogoutResponse(outgoing(), id), { relayState })).status).toBe(
        403,
      );
    });

    it('that comes twice', async () => {
      const { id, relayState = '' } = await begin();
      const xml = renderLogoutResponse(outgoing(), id);
      const cookies = new Map(browser.cookies);
      expect((await bring('SAMLResponse', xml, { relayState })).status).toBe(200);
      for (const [name, value] of cookies) browser.cookies.set(name, value);
      expect((await bring('SAMLResponse', xml, { relayState })).status).toBe(403);
    });

    it('to another request, by another key, or to nothing', async () => {
      const [one, two, three] = [await begin(), await begin(), await begin()];
      const answers = [
        await bring('SAMLResponse', renderLogoutResponse(outgoing(), two.id), {
          relayState: one.relayState ?? '',
        }),
        await bring('SAMLResponse', renderLogoutResponse(outgoing(), three.id), {
          relayState: three.relayState ?? '',
          key: createTestIdp().key,
        }),
        await bring('SAMLResponse', renderLogoutResponse(outgoing(), 'x')),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    });

    it('to a sign-in: the one is no answer to the other', async () => {
      const { requestId, relayState } = await startLogin(browser);
      expect(
        (await bring('SAMLResponse', renderLogoutResponse(outgoing(), requestId), { relayState })).status,
      ).toBe(403);
      const logout = await begin();
      const SAMLResponse = respond({ idp: saml.idp, requestId: logout.id });
      const fields = { SAMLResponse, RelayState: logout.relayState ?? '' };
      expect((await browser.post('/saml/corp/acs', fields)).status).toBe(403);
    });
  });

  it('ends the session here before it asks there', async () => {
    await leave();
    expect(await isSignedIn()).toBe(false);
    const event = (await saml.world.auditLines()).findLast((line) => line.includes('"SignOut"')) ?? '';
    expect(event).toContain('"eventSource":"signin.amazonaws.com"');
    expect(event).toContain('"userName":"user-1"');
  });

  it('asks by POST where the identity provider has that alone', async () => {
    const answer = await leave('post');
    const { action, fields } = formOf(await answer.text());
    expect(action).toBe('https://idp.example.com/slo');
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(['SAMLRequest', 'RelayState']));
  });

  it('has no way for another site to sign anybody out', async () => {
    await signInWithSaml(browser, saml);
    expect((await browser.post('/signout', {})).status).toBe(403);
    expect((await browser.post('/signout', { form_token: 'A'.repeat(43) })).status).toBe(403);
    expect(await isSignedIn()).toBe(true);
  });
});

/** A statement of now with another SessionIndex. */
function respondedWith(sessionIndex: string): string {
  const instant = new Date().toISOString();
  return GOOD_CONTENT.authnStatement
    .replace(/ SessionNotOnOrAfter="[^"]*"/, '')
    .replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${instant}"`)
    .replace('_session-1', sessionIndex);
}

const subject = { nameId: { value: 'user-1' }, sessionIndex: '_session-1' };

describe('signing out at the identity provider', () => {
  it('is answered where its metadata says, signed, with its RelayState (SAML Profiles 4.4.3.4)', async () => {
    await signInWithSaml(browser, saml);
    const request = outgoing();
    const answer = await bring('SAMLRequest', renderLogoutRequest(request, subject));
    expect(answer.status).toBe(302);
    expect(await isSignedIn()).toBe(false);
    expect(answer.headers.get('location')).toMatch(/^https:\/\/idp\.example\.com\/slo\?SAMLResponse=/);
    const message = redirectedMessage(answer);
    expect(message.relayState).toBe('idp-state');
    const signature = message.binding === 'redirect' ? message.signature : undefined;
    expect(signature && isSignatureValid(signature, [await ourKey()], ['rsa-sha256'])).toBe(true);
    const response = parseXml(message.xml);
    expect(attributeOf(response, 'InResponseTo')).toBe(request.id);
    const event = (await saml.world.auditLines()).findLast((line) => line.includes('SamlSignOut')) ?? '';
    expect(event).toContain('"subject":"user-1"');
    expect(event).toMatch(/"sessionsEnded":[1-9]/);
    expect(event).toContain('"eventSource":"signin.amazonaws.com"');
  });

  it('ends the sign-ins that it names, of this provider and subject alone', async () => {
    const others = await Promise.all(
      [
        { provider: 'open' },
        { changes: { nameId: '<saml:NameID>user-2</saml:NameID>' } },
        { changes: { authnStatement: respondedWith('_session-2') } },
      ].map(async (options) => {
        const other = createBrowser(saml.world.url);
        await signInWithSaml(other, saml, options);
        return other;
      }),
    );
    await signInWithSaml(browser, saml);
    await bring('SAMLRequest', renderLogoutRequest(outgoing(), subject));
    expect(await isSignedIn()).toBe(false);
    const statuses = await Promise.all(others.map(async (other) => (await other.get('/sessions')).status));
    expect(statuses).toEqual([200, 200, 200]);
  });

  it('ends all sign-ins of the subject where it names none (SAML Core 3.7.3.2)', async () => {
    await signInWithSaml(browser, saml, { changes: { authnStatement: respondedWith('_session-3') } });
    await bring('SAMLRequest', renderLogoutRequest(outgoing(), { nameId: subject.nameId }));
    expect(await isSignedIn()).toBe(false);
  });

  it('is answered by POST, signed, where the identity provider has that and a place for answers', async () => {
    const request = outgoing('post');
    const xml = signXml(renderLogoutRequest(request, subject), signer());
    const answer = await browser.post(
      '/saml/post/slo',
      postFields({ kind: 'SAMLRequest', xml, relayState: 'r' }),
    );
    const { action, fields } = formOf(await answer.text());
    expect(action).toBe('https://idp.example.com/slo/done');
    expect(answer.headers.get('content-security-policy')).not.toContain('form-action');
    expect(fields['RelayState']).toBe('r');
    const answered = xmlOf(parsePost(new URLSearchParams(fields).toString()));
    const trust = { keys: [await ourKey()], algorithms: ['rsa-sha256'] as const };
    const signed = verifyEnvelopedSignature(answered, parseXml(answered), trust);
    expect(attributeOf(signed, 'InResponseTo')).toBe(request.id);
    expect(requiredChild(signed, SAML_PROTOCOL, 'Status')).toBeDefined();
  });

  it('works once for a request', async () => {
    const xml = renderLogoutRequest(outgoing(), subject);
    expect((await bring('SAMLRequest', xml)).status).toBe(302);
    expect((await bring('SAMLRequest', xml)).status).toBe(403);
    const posted = signXml(xml, signer());
    const again = await browser.post('/saml/corp/slo', postFields({ kind: 'SAMLRequest', xml: posted }));
    expect(again.status).toBe(403);
  });

  it('is refused unsigned, by another key, for another provider, or too old', async () => {
    const xml = () => renderLogoutRequest(outgoing(), subject);
    const unsigned = redirectUrl(slo('corp'), { kind: 'SAMLRequest', xml: xml() });
    const old = renderLogoutRequest({ ...outgoing(), issueInstantMs: Date.now() - 3_600_000 }, subject);
    const answers = [
      await browser.get(unsigned.slice(unsigned.indexOf('/saml/'))),
      await browser.post('/saml/corp/slo', postFields({ kind: 'SAMLRequest', xml: xml() })),
      await bring('SAMLRequest', xml(), { key: createTestIdp().key }),
      await bring('SAMLRequest', renderLogoutRequest(outgoing('open'), subject)),
      await bring('SAMLRequest', old),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    for (const { headers } of answers) {
      expect(headers.get('location')).toBeNull();
      expect(headers.get('x-rolebridge-reference')).toMatch(/^[A-Z2-7]{4}-[A-Z2-7]{4}$/);
    }
  });

  it('is refused with a RelayState of more than 80 bytes (SAML Bindings 3.4.3)', async () => {
    const xml = renderLogoutRequest(outgoing(), subject);
    expect((await bring('SAMLRequest', xml, { relayState: 'x'.repeat(81) })).status).toBe(400);
    // Refused before it was used: with a short one it works.
    expect((await bring('SAMLRequest', xml, { relayState: 'x'.repeat(80) })).status).toBe(302);
  });

  it.each([
    '',
    'SAMLRequest=',
    'SAMLRequest=%00',
    'SAMLRequest=YQ&SAMLResponse=YQ',
    'SAMLRequest=YQ&SAMLRequest=YQ',
  ])('is refused as %j', async (query) => {
    expect((await browser.get(`/saml/corp/slo?${query}`)).status).toBe(400);
  });
});

describe('the metadata', () => {
  it('validates with its own signature and names the certificates that sign and encrypt, now and next', async () => {
    const answer = await browser.get('/saml/corp/metadata');
    const xml = await answer.text();
    expect(answer.headers.get('content-type')).toBe('application/samlmetadata+xml; charset=utf-8');
    const trust = { keys: [await ourKey()], algorithms: ['rsa-sha256'] as const };
    const signed = verifyEnvelopedSignature(xml, parseXml(xml), trust);
    expect(attributeOf(signed, 'entityID')).toBe(`${SP}/corp/metadata`);
    const uses = Array.from(xml.matchAll(/<md:KeyDescriptor use="(\w+)">/g), ([, use]) => use);
    expect(uses).toEqual(['signing', 'signing', 'encryption', 'encryption']);
    expect(xml).toContain(`Location="${SP}/corp/acs"`);
    expect(xml).not.toContain('PRIVATE');
  });

  it('is not there for a provider that is not', async () => {
    expect((await browser.get('/saml/nobody/metadata')).status).toBe(404);
  });

  it('takes its URLs from the configuration, whatever host a request names', async () => {
    const answer = await fetch(`${saml.world.url}/saml/corp/metadata`, {
      headers: { 'x-forwarded-host': 'evil.example.com', forwarded: 'host=evil.example.com' },
    });
    expect(await answer.text()).not.toContain('evil');
  });
});
