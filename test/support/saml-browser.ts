import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePost, parseRedirect, type ReceivedMessage, xmlOf } from '../../src/protocols/saml/bindings.ts';
import { attributeOf, parseXml } from '../../src/protocols/saml/xml-document.ts';
import {
  audience,
  createTestIdp,
  GOOD_CONTENT,
  makeResponse,
  metadataXml,
  NOW_MS,
  type ResponseContent,
  type ResponseOptions,
  type TestIdp,
  toBase64,
} from './saml/identity-provider.ts';
import { startWorldBridge, type WorldBridge } from './world-bridge.ts';

const ACCOUNT = '111122223333';
const ENTITY_ID = 'https://idp.example.com/saml';

/**
 * A bridge that trusts one identity provider under four names: `corp`, `post` (all by POST, requests signed), `open`
 * (IdP-initiated) and `tools` (for AssumeRoleWithSAML alone).
 */
export type SamlWorld = {
  readonly world: WorldBridge;
  readonly idp: TestIdp;
  readonly stop: () => Promise<void>;
};

export async function startSamlWorld(
  extra: object = {},
  idp: TestIdp = createTestIdp(ENTITY_ID),
): Promise<SamlWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'rolebridge-saml-'));
  const redirect = metadataXml(idp);
  writeFileSync(join(folder, 'redirect.xml'), redirect);
  writeFileSync(join(folder, 'post.xml'), postOnly(redirect));
  const provider = (name: string, file: string, more: object = {}) => ({
    name,
    account: ACCOUNT,
    metadata: { file: join(folder, file) },
    signIn: { displayName: `Acme ${name}`, mfa: 'never' },
    ...more,
  });
  const samlProviders = [
    provider('corp', 'redirect.xml'),
    provider('post', 'post.xml'),
    {
      name: 'tools',
      account: ACCOUNT,
      metadata: { file: join(folder, 'redirect.xml') },
      idpInitiated: 'allow',
    },
    provider('open', 'redirect.xml', { idpInitiated: 'allow', roleAttribute: 'optional' }),
  ];
  const world = await startWorldBridge({ samlProviders, ...extra });
  return {
    world,
    idp,
    stop: async () => {
      await world.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function postOnly(redirect: string): string {
  const logout = 'Location="https://idp.example.com/slo"';
  return redirect
    .replace(/<md:SingleSignOnService Binding="[^"]*HTTP-Redirect"[^>]*>/, '')
    .replace('HTTP-Redirect', 'HTTP-POST')
    .replace(logout, `${logout} ResponseLocation="https://idp.example.com/slo/done"`)
    .replace('<md:IDPSSODescriptor', '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"');
}

/** A browser as far as the flows need one: it keeps cookies and follows nothing by itself. */
export function createBrowser(base: string) {
  const cookies = new Map<string, string>();
  const take = (response: Response): Response => {
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
      if (cookie.includes('Max-Age=0')) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const headers = () => ({ cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ') });
  return {
    cookies,
    get: async (path: string) => take(await fetch(base + path, { redirect: 'manual', headers: headers() })),
    post: async (path: string, fields: Readonly<Record<string, string>>) =>
      take(
        await fetch(base + path, {
          method: 'POST',
          redirect: 'manual',
          headers: headers(),
          body: new URLSearchParams(fields),
        }),
      ),
  };
}
export type Browser = ReturnType<typeof createBrowser>;

/** The message in the redirect that an answer is. */
export function redirectedMessage(
  answer: Response,
): ReceivedMessage & { readonly xml: string; readonly id: string } {
  const location = answer.headers.get('location') ?? '';
  const message = parseRedirect(location.slice(location.indexOf('?') + 1));
  const xml = xmlOf(message);
  return { ...message, xml, id: attributeOf(parseXml(xml), 'ID') ?? '' };
}

/** The message in the form of a page that passes it on. */
function postedMessage(html: string): ReturnType<typeof redirectedMessage> {
  const message = parsePost(new URLSearchParams(formOf(html).fields).toString());
  const xml = xmlOf(message);
  return { ...message, xml, id: attributeOf(parseXml(xml), 'ID') ?? '' };
}

/** The fields of a page's first form, and where it goes. */
export function formOf(html: string): {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
} {
  const [, form = ''] = /(<form\b.*?)<\/form>/s.exec(html) ?? [];
  const inputs = Array.from(
    form.matchAll(/<input\b[^>]*>/g),
    ([tag]) => [attributeIn(tag, 'name'), attributeIn(tag, 'value')] as const,
  );
  return { action: attributeIn(form, 'action'), fields: Object.fromEntries(inputs) };
}

function attributeIn(tag: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(tag) ?? [];
  return unescapeHtml(value);
}

export function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll(/&#0?39;/g, "'")
    .replaceAll('&amp;', '&');
}

/** The token that forms of our pages must carry, as the page at `path` has it. */
export async function formTokenAt(browser: Browser, path: string): Promise<string> {
  const html = await (await browser.get(path)).text();
  const [, token = ''] = /name="form_token"[^>]*value="([^"]*)"/.exec(html) ?? [];
  return token;
}

/** Signs in with SAML, by an attempt of this browser. */
export async function signInWithSaml(
  browser: Browser,
  { idp }: Pick<SamlWorld, 'idp'>,
  { provider = 'corp', query = '', changes = {} }: SamlSignInOptions = {},
): Promise<Response> {
  const { requestId, relayState } = await startLogin(browser, provider, query);
  const SAMLResponse = respond({ idp, provider, requestId }, changes);
  return browser.post(`/saml/${provider}/acs`, { SAMLResponse, RelayState: relayState });
}

type SamlSignInOptions = {
  readonly provider?: string;
  readonly query?: string;
  readonly changes?: Partial<ResponseContent>;
};

/** Presses the button of `/signout`. */
export async function signOut(
  browser: Browser,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const token = await formTokenAt(browser, '/signout');
  return browser.post('/signout', { form_token: token, ...more });
}

/** Goes to the identity provider with a request, and tells what the request was. */
export async function startLogin(browser: Browser, provider = 'corp', query = '') {
  const answer = await browser.get(`/saml/${provider}/login${query}`);
  const {
    id,
    relayState = '',
    xml,
  } = answer.status === 200 ? postedMessage(await answer.text()) : redirectedMessage(answer);
  return { answer, requestId: id, relayState, xml };
}

const PUBLIC_URL = 'http://127.0.0.1:8080';
let serial = 0;

type About = {
  readonly idp: TestIdp;
  readonly provider?: string;
  /** `null`: nobody asked. */
  readonly requestId: string | null;
  readonly publicUrl?: string;
  readonly authnInstantMs?: number;
} & Omit<Partial<ResponseOptions>, 'idp'>;

/** A good response of the identity provider, of now, base64; each with IDs of its own. */
export function respond(
  { idp, provider = 'corp', requestId, publicUrl = PUBLIC_URL, authnInstantMs, ...options }: About,
  changes: Partial<ResponseContent> = {},
): string {
  const acs = `${publicUrl}/saml/${provider}/acs`;
  const shift = (Date.now() - NOW_MS) / 1000;
  const instant = new Date(authnInstantMs ?? Date.now()).toISOString();
  serial += 1;
  const content: Partial<ResponseContent> = {
    assertionId: `_assertion-${serial}-${Date.now()}`,
    responseId: `_response-${serial}-${Date.now()}`,
    responseIssuer: idp.entityId,
    issuer: idp.entityId,
    destination: acs,
    recipient: acs,
    inResponseTo: requestId,
    confirmedInResponseTo: requestId,
    issuedAt: shift - 1,
    confirmedUntil: shift + 300,
    notBefore: shift - 30,
    notOnOrAfter: shift + 300,
    conditions: audience(`${publicUrl}/saml/${provider}/metadata`),
    authnStatement: GOOD_CONTENT.authnStatement
      .replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${instant}"`)
      .replace(
        /SessionNotOnOrAfter="[^"]*"/,
        `SessionNotOnOrAfter="${new Date(Date.now() + 3_600_000).toISOString()}"`,
      ),
  };
  return toBase64(makeResponse({ ...content, ...changes }, { idp, ...options }));
}
