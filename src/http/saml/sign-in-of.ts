import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { Profile } from '../../domain/identity/person.ts';
import type { SignInSettings } from '../../domain/identity/sign-in-settings.ts';
import type { SignIn } from '../../domain/session/browser-session.ts';

/** AD FS and Entra ID say here how somebody authenticated; others use AuthnContextClassRef. */
const METHODS = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';
/** Names by which products send what people are called, the best first. */
const DISPLAY_NAMES = [
  'displayName',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'http://schemas.microsoft.com/identity/claims/displayname',
  'cn',
  'urn:oid:2.5.4.3',
  'name',
  `${CLAIMS}/name`,
];
const EMAILS = [
  'mail',
  'urn:oid:0.9.2342.19200300.100.1.3',
  'email',
  'emailAddress',
  `${CLAIMS}/emailaddress`,
];
const EMAIL_FORMAT = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const MAX_CHARS = 200;

/**
 * A verified assertion as a sign-in.
 *
 * @param nowMs epoch milliseconds: no second factor was proved after that, whatever the provider's clock says
 */
export function signInOf(
  identity: SamlIdentity,
  { mfa, mfaValues }: Pick<SignInSettings, 'mfa' | 'mfaValues'>,
  nowMs: number,
): SignIn {
  const { authnContextClassRef, attributes, authnInstantMs, sessionNotOnOrAfterMs } = identity.saml;
  const said = {
    'trust-acr': authnContextClassRef === undefined ? [] : [authnContextClassRef],
    'trust-amr': attributes.get(METHODS) ?? [],
    never: [],
  }[mfa];
  const hadMfa = said.some((value) => mfaValues.includes(value));
  return {
    identity,
    profile: profileOf(identity.saml),
    ...(hadMfa ? { mfaAuthenticatedAtMs: Math.min(authnInstantMs, nowMs) } : {}),
    ...(sessionNotOnOrAfterMs === undefined ? {} : { notOnOrAfterMs: sessionNotOnOrAfterMs }),
    notices: [],
  };
}

function profileOf({ attributes, nameId }: SamlIdentity['saml']): Profile {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => plain(attributes.get(name)?.[0] ?? '')).find((text) => text !== '');
  const displayName = first(DISPLAY_NAMES);
  const email = first(EMAILS) ?? (nameId.format === EMAIL_FORMAT ? plain(nameId.value) : undefined);
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
  };
}

/** One line that ends: what turns the direction of a page's text, or hides in it, is nobody's name. */
function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, MAX_CHARS);
}
