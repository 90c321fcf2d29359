import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { json, refusal, seeOther, type Answer, type Asked } from './answer.ts';
import { parseAuthorizationRequest, type AuthorizationRequest } from './authorization-request.ts';
import { demoClient, isFrom } from './demo-client.ts';
import { createGrants, type Grants } from './grants.ts';
import { renderPage } from './page.ts';
import { renderPersonPage } from './person-page.ts';
import type { Account, SignInPlatform } from './sign-in-platforms.ts';
import { ALGORITHM, type SigningKey } from './signing-key.ts';

const CODE_LIFETIME_MS = 60_000;
const TOKEN_LIFETIME_SECONDS = 3600;

type SignedIn = { readonly account: Account; readonly request: AuthorizationRequest };

type Provider = {
  readonly issuer: string;
  readonly platform: SignInPlatform;
  readonly key: SigningKey;
  readonly codes: Grants<SignedIn>;
  readonly accessTokens: Grants<Account>;
};

/**
 * An OpenID Provider for people: they say who they are on a page, and the client gets a code that works once. Real ones ask
 * for passwords and consent, remember who is signed in, refresh tokens, and turn their keys; this one does not.
 *
 * @see OpenID Connect Core 3.1
 */
export function createOpenIdProvider(
  issuer: string,
  platform: SignInPlatform,
  key: SigningKey,
): (asked: Asked) => Promise<Answer> {
  const codes = createGrants<SignedIn>(CODE_LIFETIME_MS);
  const accessTokens = createGrants<Account>(TOKEN_LIFETIME_SECONDS * 1000);
  const provider = { issuer, platform, key, codes, accessTokens };
  const { paths } = platform;
  const routes: Readonly<Record<string, (asked: Asked, provider: Provider) => Answer | Promise<Answer>>> = {
    'GET /.well-known/openid-configuration': () => json(discovery(provider)),
    [`GET ${paths.keys}`]: () => json({ keys: [key.jwk] }),
    [`GET ${paths.authorize}`]: authorize,
    [`POST ${paths.authorize}`]: authorize,
    [`POST ${paths.token}`]: token,
    [`GET ${paths.userinfo}`]: userinfo,
  };
  return async (asked) => {
    const route = routes[`${asked.method} ${asked.path}`];
    return route === undefined
      ? refusal(404, `there is ${issuer}/.well-known/openid-configuration`)
      : route(asked, provider);
  };
}

/** OpenID Connect Discovery 1.0, section 3. */
function discovery({ issuer, platform: { paths, scopes } }: Provider): object {
  return {
    issuer,
    authorization_endpoint: issuer + paths.authorize,
    token_endpoint: issuer + paths.token,
    userinfo_endpoint: issuer + paths.userinfo,
    jwks_uri: issuer + paths.keys,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [ALGORITHM],
    scopes_supported: scopes,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
  };
}

function authorize({ method, query, form }: Asked, { platform, codes }: Provider): Answer {
  const request = parseAuthorizationRequest(query, demoClient);
  if ('toPerson' in request) return renderPage('This cannot be answered', `<p>${request.toPerson}</p>`, 400);
  if ('toClient' in request) return back(request, { error: request.toClient });
  const people = platform.accounts.map(({ person }) => person);
  const choice = form.get('person');
  if (method === 'GET' || choice === null)
    return renderPersonPage(platform.title, people, { query, hint: request.loginHint });
  const account = platform.accounts.find(({ person }) => person.id === choice);
  if (account === undefined) return back(request, { error: 'access_denied' });
  return back(request, { code: codes.give({ account, request }) });
}

type Origin = Pick<AuthorizationRequest, 'redirectUri' | 'state'>;

function back({ redirectUri, state }: Origin, answer: Readonly<Record<string, string>>): Answer {
  const parameters = new URLSearchParams(answer);
  if (state !== null) parameters.set('state', state);
  return seeOther(`${redirectUri}?${parameters.toString()}`);
}

async function token({ form, authorization }: Asked, provider: Provider): Promise<Answer> {
  if (!isFrom(demoClient, authorization, form)) return json({ error: 'invalid_client' }, 401);
  if (form.get('grant_type') !== 'authorization_code') return json({ error: 'unsupported_grant_type' }, 400);
  // Taken even where the rest is wrong: whoever has the code may try once.
  const signedIn = provider.codes.take(form.get('code') ?? '');
  if (signedIn === undefined || !isProved(signedIn.request, form))
    return json({ error: 'invalid_grant' }, 400);
  const accessToken = provider.accessTokens.give(signedIn.account);
  return json({
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_SECONDS,
    id_token: await signIdToken(signedIn, accessToken, provider),
  });
}

// RFC 7636 4.6: whoever redeems the code is who asked for it.
function isProved({ redirectUri, codeChallenge }: AuthorizationRequest, form: URLSearchParams): boolean {
  const verifier = form.get('code_verifier') ?? '';
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return form.get('redirect_uri') === redirectUri && challenge === codeChallenge;
}

function signIdToken(
  { account, request: { nonce } }: SignedIn,
  accessToken: string,
  { issuer, platform, key }: Provider,
): Promise<string> {
  // OpenID Connect Core 3.1.3.6: the left half of the hash.
  const hash = createHash('sha256').update(accessToken).digest().subarray(0, 16);
  const claims = {
    ...account.idToken(),
    at_hash: hash.toString('base64url'),
    ...(platform.namesParty === 'azp' && { azp: demoClient.id }),
    ...(nonce !== null && { nonce }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, kid: key.kid })
    .setIssuer(issuer)
    .setSubject(account.person.subject)
    .setAudience(demoClient.id)
    .setIssuedAt()
    .setExpirationTime(`${TOKEN_LIFETIME_SECONDS} s`)
    .sign(key.privateKey);
}

function userinfo({ authorization }: Asked, { accessTokens }: Provider): Answer {
  const account = accessTokens.look(authorization.replace(/^Bearer /i, ''));
  if (account === undefined) return json({ error: 'invalid_token' }, 401);
  return json({ sub: account.person.subject, ...account.userinfo });
}
