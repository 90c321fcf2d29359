import type { OidcMetadata } from '../../domain/identity/oidc-metadata.ts';
import type { OidcProvider } from '../../domain/identity/oidc-provider.ts';
import type { OidcPreset, OidcSignIn } from '../../domain/identity/sign-in-settings.ts';
import type { SignInNotice } from '../../domain/session/browser-session.ts';
import { isJsonObject, type JsonObject, ownMember } from './json-object.ts';
import { providerRefused } from './provider-refusal.ts';
import { NOT_A_JWT, refuseToken } from './refusal.ts';

export type OidcSignInProvider = OidcProvider & { readonly signIn: OidcSignIn };

/** Where to go to be signed out at the provider, and what it wants to be told. */
export type ProviderLogout = { readonly url: string; readonly parameters: Readonly<Record<string, string>> };
type LogoutInput = {
  readonly clientId: string;
  /** Where the provider sends people afterwards: an absolute address of ours. */
  readonly returnTo: string;
  readonly idToken?: string;
  readonly state?: string;
};

/** How a provider departs from the standard. */
export type PresetRules = {
  /** `merge`: much of what a policy needs is at the userinfo endpoint only. */
  readonly userinfo: 'merge' | 'leave';
  /** Whether its logout wants the ID token back. */
  readonly idToken: 'keep' | 'drop';
  /** What to send for `prompt=login`: asking for what a provider does not know is an error there. */
  readonly promptForLogin: 'login' | 'select_account';
  readonly authorizationParameters: (signIn: OidcSignIn) => Readonly<Record<string, string>>;
  /** @throws FederationError `invalid-identity-token`, `provider-refused` */
  readonly checkClaims: (claims: JsonObject, provider: OidcSignInProvider) => void;
  readonly noticesOf: (claims: JsonObject) => readonly SignInNotice[];
  readonly logout: (input: LogoutInput, metadata: OidcMetadata) => ProviderLogout | undefined;
};

const GENERIC: PresetRules = {
  userinfo: 'merge',
  idToken: 'keep',
  promptForLogin: 'login',
  authorizationParameters: () => ({}),
  checkClaims: () => undefined,
  noticesOf: () => [],
  logout: endSession,
};

export const PRESET_RULES = {
  generic: GENERIC,
  google: {
    ...GENERIC,
    // The ID token has all that userinfo has.
    userinfo: 'leave',
    idToken: 'drop',
    // Google knows none, consent and select_account.
    promptForLogin: 'select_account',
    authorizationParameters: hostedDomainHint,
    checkClaims: checkHostedDomain,
    // There is no end_session_endpoint, only a page that signs out of the whole account and leads nowhere else.
    logout: (_, metadata) => ({ url: atOriginOf(metadata, '/Logout'), parameters: {} }),
  },
  cognito: {
    ...GENERIC,
    idToken: 'drop',
    checkClaims: checkTokenUse,
    logout: ({ clientId, returnTo }, metadata) => ({
      url: atOriginOf(metadata, '/logout'),
      parameters: { client_id: clientId, logout_uri: returnTo },
    }),
  },
  entra: {
    ...GENERIC,
    // Its userinfo is Microsoft Graph's and knows neither groups nor tenant.
    userinfo: 'leave',
    idToken: 'drop',
    checkClaims: checkTenant,
    noticesOf: (claims) => (isGroupOverage(claims) ? ['group-overage'] : []),
  },
  okta: {
    ...GENERIC,
    // Without the hint it answers with an error page.
    logout: (input, metadata) => (input.idToken === undefined ? undefined : endSession(input, metadata)),
  },
} as const satisfies Record<OidcPreset, PresetRules>;

/** RP-Initiated Logout 1.0, where it is offered. */
function endSession(
  { clientId, returnTo, idToken, state }: LogoutInput,
  { end_session_endpoint: url }: OidcMetadata,
): ProviderLogout | undefined {
  if (url === undefined) return undefined;
  const parameters = {
    client_id: clientId,
    post_logout_redirect_uri: returnTo,
    ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    ...(state === undefined ? {} : { state }),
  };
  return { url, parameters };
}

/** Cognito's and Google's logout pages are not in their metadata, but on the host of the pages that people sign in at. */
function atOriginOf({ authorization_endpoint }: OidcMetadata, path: string): string {
  return new URL(path, authorization_endpoint).href;
}

/** Makes Google ask for an account of that domain; `*` stands for any Workspace domain. It hinders nobody. */
function hostedDomainHint({ hostedDomains }: OidcSignIn): Readonly<Record<string, string>> {
  const [domain, ...others] = hostedDomains;
  if (domain === undefined) return {};
  return { hd: others.length === 0 ? domain : '*' };
}

/** The claim counts, never the address: anybody can have a Google account with a company's address. */
function checkHostedDomain(claims: JsonObject, { signIn }: OidcSignInProvider): void {
  const domain = ownMember(claims, 'hd');
  if (signIn.hostedDomains.length === 0 || signIn.hostedDomains.some((allowed) => allowed === domain)) return;
  throw providerRefused('access_denied', 'the account is of no hosted domain that is allowed');
}

/** Cognito's access tokens are signed with the same keys, and their claims are not about who somebody is. */
function checkTokenUse(claims: JsonObject): void {
  if (ownMember(claims, 'token_use') !== 'id') throw refuseToken(NOT_A_JWT, 'token_use is not id');
}

/** Issuers that stand for any tenant, and the tenant of personal accounts, which anybody can open. */
const ANY_TENANT = ['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad'];

function checkTenant(claims: JsonObject, { issuer }: OidcSignInProvider): void {
  const [, tenant = ''] = new URL(issuer).pathname.split('/');
  if (tenant === '' || ANY_TENANT.includes(tenant))
    throw refuseToken(NOT_A_JWT, 'the issuer is not that of one tenant');
  if (ownMember(claims, 'tid') !== tenant)
    throw refuseToken(NOT_A_JWT, 'tid is not the tenant of the issuer');
}

/** More than 200 groups are left out of a token; what is there instead says where to ask for them. */
function isGroupOverage(claims: JsonObject): boolean {
  const names = ownMember(claims, '_claim_names');
  const hasGroups = ownMember(claims, 'hasgroups');
  return (
    (isJsonObject(names) && Object.hasOwn(names, 'groups')) || hasGroups === true || hasGroups === 'true'
  );
}
