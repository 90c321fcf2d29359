import { authorizationCodeGrant, fetchUserInfo } from 'openid-client';
import type { OidcMetadata } from '../../domain/identity/oidc-metadata.ts';
import type { ProviderKeys } from '../../domain/identity/provider-keys.ts';
import type { SignIn } from '../../domain/session/browser-session.ts';
import { parseAuthorizationResponse } from './authorization-response.ts';
import { checkSignInToken, type ExpectedAnswer } from './check-sign-in-token.ts';
import { type JsonObject, ownMember } from './json-object.ts';
import { mergeUserinfo } from './merge-userinfo.ts';
import { type OidcSignInProvider, PRESET_RULES, type PresetRules } from './presets.ts';
import { fetchJson } from './provider-answer.ts';
import { providerRefused, toFailure } from './provider-refusal.ts';
import { readProfile } from './read-profile.ts';
import { refuseToken, NOT_A_JWT } from './refusal.ts';
import { createRelyingParty } from './relying-party.ts';
import { secondFactorAtMs } from './second-factor.ts';
import type { OidcSignInStartDeps } from './start-sign-in.ts';
import { toIdentity, verifyClaims, type VerifiedIdToken } from './verify-id-token.ts';

/** What was remembered of the attempt, which its caller has taken from the store: it works once. */
export type ExpectedSignIn = ExpectedAnswer & {
  readonly state: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
};

export type OidcSignInFinish = {
  /** The address that the browser came back to, with its query. */
  readonly callback: URL;
  readonly expected: ExpectedSignIn;
  readonly provider: OidcSignInProvider;
};

export type OidcSignInFinishDeps = OidcSignInStartDeps & {
  readonly keysOf: ProviderKeys;
  /** Epoch milliseconds. */
  readonly nowMs: number;
};

type Conversation = {
  readonly provider: OidcSignInProvider;
  readonly rules: PresetRules;
  readonly metadata: OidcMetadata;
  readonly deps: OidcSignInFinishDeps;
};
type Tokens = { readonly accessToken: string; readonly idToken: string };

/**
 * Ends a sign-in: reads the callback, redeems its code, verifies the ID token by the one verifier there is, and adds what
 * the userinfo endpoint says of the same person.
 *
 * @throws FederationError `malformed-input`, `login-attempt-unknown`, `provider-refused` (`error`),
 *   `identity-provider-unreachable`, `invalid-identity-token`, `expired-identity-token`
 * @see OpenID Connect Core 3.1.2.5 to 3.1.3.8 and 5.3
 */
export async function finishOidcSignIn(
  { callback, expected, provider }: OidcSignInFinish,
  deps: OidcSignInFinishDeps,
): Promise<SignIn> {
  const metadata = await deps.metadataOf(provider);
  const { signIn } = provider;
  const conversation = { provider, rules: PRESET_RULES[signIn.preset], metadata, deps };
  const response = parseAuthorizationResponse(callback, expected.state, metadata);
  const tokens = await redeemCode(response, expected, conversation);
  const verified = await verify(tokens, expected, conversation);
  const claims = await claimsOf(verified, tokens, conversation);
  return toSignIn({ verified, claims, idToken: tokens.idToken }, conversation);
}

/** The code for tokens. The library never sees the ID token: it would check it by rules and a clock of its own. */
async function redeemCode(
  response: URLSearchParams,
  { state, codeVerifier, redirectUri }: ExpectedSignIn,
  { provider, metadata, deps }: Conversation,
): Promise<Tokens> {
  const kept: { idToken?: unknown } = {};
  const fetch = fetchJson(deps.fetch, ({ id_token, ...answer }) => {
    kept.idToken = id_token;
    return answer;
  });
  const party = createRelyingParty(provider.signIn, metadata, fetch);
  const url = new URL(redirectUri);
  url.search = response.toString();
  const checks = { expectedState: state, pkceCodeVerifier: codeVerifier };
  const { access_token: accessToken } = await authorizationCodeGrant(party, url, checks).catch(
    (error: unknown) => {
      throw toFailure(error);
    },
  );
  if (typeof kept.idToken !== 'string') throw providerRefused('other', 'the token answer has no ID token');
  return { accessToken, idToken: kept.idToken };
}

async function verify(
  { accessToken, idToken }: Tokens,
  expected: ExpectedSignIn,
  { provider, rules, deps: { keysOf, nowMs } }: Conversation,
): Promise<VerifiedIdToken> {
  const { clientId } = provider.signIn;
  // What the provider issues to its other clients is a proof elsewhere, but no sign-in here.
  const providers = [{ ...provider, audiences: [clientId] }];
  const verified = await verifyClaims(idToken, { providers, keysOf, nowMs });
  checkSignInToken(verified, expected, { accessToken, clientId, nowMs });
  rules.checkClaims(verified.claims, provider);
  return verified;
}

async function claimsOf(
  { claims, subject }: VerifiedIdToken,
  { accessToken }: Tokens,
  { provider, rules, metadata, deps }: Conversation,
): Promise<JsonObject> {
  if (rules.userinfo === 'leave' || metadata.userinfo_endpoint === undefined) return claims;
  const fetch = fetchJson(deps.fetch, (answer) => requireSubject(answer, subject));
  const party = createRelyingParty(provider.signIn, metadata, fetch);
  const userinfo = await fetchUserInfo(party, accessToken, subject).catch((error: unknown) => {
    throw toFailure(error);
  });
  return mergeUserinfo(claims, userinfo);
}

/** Claims of another subject belong to another access token, which somebody put in this one's place (Core 5.3.4). */
function requireSubject(userinfo: JsonObject, subject: string): JsonObject {
  if (ownMember(userinfo, 'sub') === subject) return userinfo;
  throw refuseToken(NOT_A_JWT, 'userinfo is about another subject');
}

function toSignIn(
  proof: { readonly verified: VerifiedIdToken; readonly claims: JsonObject; readonly idToken: string },
  { provider, rules, metadata, deps: { nowMs } }: Conversation,
): SignIn {
  const { verified, claims, idToken } = proof;
  const mfaAuthenticatedAtMs = secondFactorAtMs(verified.claims, provider.signIn, nowMs);
  const isWantedBack = rules.idToken === 'keep' && metadata.end_session_endpoint !== undefined;
  return {
    identity: toIdentity(verified, claims),
    profile: readProfile(claims),
    ...(mfaAuthenticatedAtMs === undefined ? {} : { mfaAuthenticatedAtMs }),
    notices: rules.noticesOf(verified.claims),
    ...(isWantedBack && idToken.length <= MAX_HINT_CHARS ? { idToken } : {}),
  };
}

/** A longer one would not come through as a parameter of an address. */
const MAX_HINT_CHARS = 6_000;
