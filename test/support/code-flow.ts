import { randomUUID } from 'node:crypto';
import {
  createLocalJWKSet,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyResult,
} from 'jose';
import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client';
import { z } from 'zod';
import { callbackOf, CLIENTS, secretOf, type ClientName } from './application-config.ts';
import type { ApplicationSite } from './application-site.ts';
import { linkOn, type FormBrowser, type Page } from './form-browser.ts';

type Form = Readonly<Record<string, string>>;

/** An authorization request, and what the application keeps of it. */
export type CodeRequest = {
  readonly client: ClientName;
  readonly url: string;
  readonly parameters: Form;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
};

/**
 * A good request for a code, by hand.
 *
 * @param more parameters that are added or replaced; empty ones are left out
 */
export async function codeRequest(
  { publicUrl, server }: Pick<ApplicationSite, 'publicUrl' | 'server'>,
  client: ClientName,
  more: Form = {},
): Promise<CodeRequest> {
  const verifier = randomPKCECodeVerifier();
  const all = {
    client_id: client,
    response_type: 'code',
    redirect_uri: callbackOf(client, server.url),
    scope: 'openid profile email',
    state: randomUUID(),
    nonce: randomUUID(),
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  };
  const parameters = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  const url = `${publicUrl}/oidc/authorize?${new URLSearchParams(parameters).toString()}`;
  return { client, url, parameters, verifier, state: all.state, nonce: all.nonce };
}

/** What a browser brought back to the application, or the page where it stands. */
export type CodeAnswer = {
  readonly request: CodeRequest;
  readonly page: Page;
  readonly answer: URLSearchParams;
};

export type Somebody = {
  readonly browser: FormBrowser;
  /** Who signs in where that is asked; default Alice. */
  readonly person?: string;
};

/** Sends a browser with a request and does what people do until it is back at the application. */
export async function authorize(
  site: ApplicationSite,
  { browser, person }: Somebody,
  request: CodeRequest,
): Promise<CodeAnswer> {
  const page = await passPages(
    site,
    { browser, ...(person && { person }) },
    await browser.visit(request.url),
  );
  return answered(request, page);
}

/** What is in the address that a browser came to. */
export function answered(request: CodeRequest, page: Page): CodeAnswer {
  return { request, page, answer: new URL(page.url).searchParams };
}

/** Signs in where that is asked, allows what is asked for, and stops at any other page. */
export async function passPages(
  { idp, publicUrl }: Pick<ApplicationSite, 'idp' | 'publicUrl'>,
  { browser, person = 'alice-1' }: Somebody,
  start: Page,
): Promise<Page> {
  let page = start;
  for (let step = 0; step < 8; step += 1) {
    const { origin, pathname } = new URL(page.url);
    if (origin === new URL(idp.issuer).origin) page = await browser.submit(page, { login: person });
    else if (origin !== publicUrl) return page;
    else if (pathname === '/signin') page = await browser.visit(linkOn(page, '/signin/google'));
    else if (pathname.startsWith('/oidc/interaction/') && page.status === 200)
      page = await browser.submit(page, { answer: 'allow' }, pathname);
    else return page;
  }
  throw new Error(`it goes round in a circle: ${page.url}`);
}

const tokenAnswer = z.looseObject({
  access_token: z.string().default(''),
  id_token: z.string().default(''),
  refresh_token: z.string().default(''),
  token_type: z.string().default(''),
  expires_in: z.number().default(0),
  scope: z.string().default(''),
  error: z.string().default(''),
});

export type TokenAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly body: z.infer<typeof tokenAnswer>;
};

export type AtNode = {
  /** Which node is asked; default the first. */
  readonly node?: number;
};

/** Asks at the token endpoint, or another one that applications prove themselves at, as the application does. */
export async function requestToken(
  site: ApplicationSite,
  client: ClientName,
  form: Form,
  { node = 0, path = '/oidc/token' }: AtNode & { readonly path?: string } = {},
): Promise<TokenAnswer> {
  const { headers, fields } = await proofOf(site, client);
  const response = await fetch(`${site.nodes[node]?.url ?? ''}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ ...form, ...fields }),
  });
  const text = await response.text();
  const body = tokenAnswer.parse(text === '' ? {} : JSON.parse(text));
  return { status: response.status, headers: response.headers, body };
}

/** How an application proves who it is: headers, and fields of the form. */
export async function proofOf(
  { publicUrl, clientKey, platformToken }: ApplicationSite,
  client: ClientName,
): Promise<{ readonly headers: Form; readonly fields: Form }> {
  const assertion = (client_assertion: string): { readonly headers: Form; readonly fields: Form } => ({
    headers: {},
    fields: {
      client_id: client,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    },
  });
  switch (CLIENTS[client]) {
    case 'basic': {
      const pair = [client, secretOf(client)].map(encodeURIComponent).join(':');
      return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, fields: {} };
    }
    case 'post':
      return { headers: {}, fields: { client_id: client, client_secret: secretOf(client) } };
    case 'none':
      return { headers: {}, fields: { client_id: client } };
    case 'workload':
      return assertion(await platformToken());
    case 'keys':
      return assertion(
        await new SignJWT({ iss: client, sub: client, aud: publicUrl, jti: randomUUID() })
          .setProtectedHeader({ alg: 'ES256', kid: clientKey.kid })
          .setIssuedAt(new Date(Date.now()))
          .setExpirationTime(new Date(Date.now() + 60_000))
          .sign(clientKey.key),
      );
  }
}

/** Gives the code that a browser brought for tokens. */
export function redeem(
  site: ApplicationSite,
  { request: { client, verifier, parameters }, answer }: CodeAnswer,
  at: AtNode = {},
): Promise<TokenAnswer> {
  const code = answer.get('code');
  if (code === null) throw new Error(`no code came back: ${answer.toString()}`);
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: parameters['redirect_uri'] ?? '',
    code_verifier: verifier,
  };
  return requestToken(site, client, form, at);
}

/** Signs somebody in to an application: the whole code flow, whose answer must be good. */
export async function signInTo(
  site: ApplicationSite,
  somebody: Somebody,
  [client, more = {}]: readonly [client: ClientName, more?: Form],
): Promise<TokenAnswer & { readonly request: CodeRequest; readonly claims: JWTPayload }> {
  const request = await codeRequest(site, client, more);
  const tokens = await redeem(site, await authorize(site, somebody, request));
  if (tokens.status !== 200) throw new Error(`no tokens: ${JSON.stringify(tokens.body)}`);
  const { payload } = await verifyToken(site, tokens.body.id_token, { audience: client });
  return { ...tokens, request, claims: payload };
}

export function refresh(
  site: ApplicationSite,
  client: ClientName,
  refreshToken: string,
  { node = 0, ...more }: AtNode & { readonly scope?: string; readonly resource?: string } = {},
): Promise<TokenAnswer> {
  return requestToken(
    site,
    client,
    { grant_type: 'refresh_token', refresh_token: refreshToken, ...more },
    { node },
  );
}

/** A `claims` parameter with which ID tokens tell when and how somebody signed in; else they need not. */
export const TELL_SIGN_IN = JSON.stringify({ id_token: { auth_time: { essential: true }, acr: null } });

/**
 * Verifies a token as its audience does, by the published keys. Throws where it is not good.
 *
 * @param type the media type that it must name; without it, it is an ID token, which need not name one
 */
export async function verifyToken(
  { publicUrl, nodes }: Pick<ApplicationSite, 'publicUrl' | 'nodes'>,
  token: string,
  { audience, type, node = 0 }: AtNode & { readonly audience: string; readonly type?: string },
): Promise<JWTVerifyResult> {
  const keys = jwks.parse(await (await fetch(`${nodes[node]?.url ?? ''}/oidc/jwks`)).json());
  const result = await jwtVerify(token, createLocalJWKSet(keys), {
    issuer: publicUrl,
    audience,
    ...(type && { typ: type }),
    currentDate: new Date(Date.now()),
  });
  const { typ = 'JWT' } = result.protectedHeader;
  if (type === undefined && typ !== 'JWT') throw new Error(`it is no ID token, but ${typ}`);
  return result;
}

const jwks: z.ZodType<JSONWebKeySet> = z.looseObject({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })),
});

/** What userinfo says of the bearer of a token, or its refusal. */
export async function userinfo(
  site: ApplicationSite,
  accessToken: string,
  { node = 0 }: AtNode = {},
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${site.nodes[node]?.url ?? ''}/oidc/userinfo`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return { status: response.status, body: z.looseObject({}).parse(await response.json()) };
}
