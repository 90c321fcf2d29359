import { hash } from 'node:crypto';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import { checkAssertion } from './check-assertion.ts';
import { checkResponse, type ExpectedResponse } from './check-response.ts';
import { samlConditionKeys } from './condition-keys.ts';
import { readAttributes } from './read-attributes.ts';
import { readSubject } from './read-subject.ts';
import { refuseResponse, RESPONSE_INVALID, SIGNATURE_INVALID } from './refusal.ts';
import { readSessionAttributes } from './session-attributes.ts';
import {
  openSignedAssertion,
  openSignedResponse,
  type OpenResponseDeps,
  type SignedAssertion,
} from './signed-response.ts';
import { XmlError } from './xml-error.ts';

export type VerifySamlResponseDeps = OpenResponseDeps & { readonly expected: ExpectedResponse };

const MAX_RESPONSE_CHARS = 100_000;

/**
 * Verifies a SAML response, base64 of at most 100,000 characters as received: its form, its signatures, what it is meant
 * for, its times, its subject. That it is used once is for the caller to see to, by `proofId` until `expiresAtMs`.
 *
 * The failure's message names the first rule that refuses, with its clause; its `text` param is AWS's.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`
 * @see SAML Profiles 4.1.4, wire-spec 4
 */
// eslint-disable-next-line @typescript-eslint/require-await -- callers await every verifier alike
export async function verifySamlResponse(
  samlResponse: string,
  deps: VerifySamlResponseDeps,
): Promise<SamlIdentity> {
  return verifyResponseXml(samlResponse, decodeResponse(samlResponse), deps);
}

/**
 * As {@link verifySamlResponse}, for whoever had to read it before: to see whose it says that it is.
 *
 * @param token the text that it came as, for its hash
 */
export function verifyResponseXml(token: string, xml: string, deps: VerifySamlResponseDeps): SamlIdentity {
  const signed = refusing(SIGNATURE_INVALID, () => openSignedResponse(xml, deps));
  return refusing(RESPONSE_INVALID, () => {
    checkResponse(signed, deps.expected);
    return toIdentity(token, signed, deps);
  });
}

/**
 * Verifies an assertion with no message around it by the same rules; those of the message have nothing to stand on.
 *
 * @param token the text that it came as, for its hash
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`
 * @see RFC 8693 3
 */
export function verifyBareAssertion(token: string, xml: string, deps: VerifySamlResponseDeps): SamlIdentity {
  const signed = refusing(SIGNATURE_INVALID, () => openSignedAssertion(xml, deps));
  return refusing(RESPONSE_INVALID, () => toIdentity(token, signed, deps));
}

/** @throws FederationError `invalid-identity-token` for what is no base64, or too long */
export function decodeResponse(samlResponse: string): string {
  if (samlResponse.length > MAX_RESPONSE_CHARS)
    throw refuseResponse(RESPONSE_INVALID, `the response is longer than ${MAX_RESPONSE_CHARS} characters`);
  // Forms and people wrap base64 in lines; anything else that a decoder would skip is refused.
  const base64 = samlResponse.replaceAll(/[\r\n\t ]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64)
    throw refuseResponse('Invalid base64 SAMLResponse', 'the response is not base64');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuseResponse(RESPONSE_INVALID, 'the response is not UTF-8', cause);
  }
}

/** Runs a step whose refusals in XML's words become refusals of the proof, with AWS's `text`. */
export function refusing<Result>(text: string, step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    if (cause instanceof XmlError) throw refuseResponse(text, `the response ${cause.message}`, cause);
    throw cause;
  }
}

function toIdentity(
  token: string,
  signed: SignedAssertion,
  { provider, expected, nowMs }: VerifySamlResponseDeps,
): SamlIdentity {
  const clock = { nowMs, skewMs: provider.clockSkewSeconds * 1000 };
  const { expiresAtMs, ...checked } = checkAssertion(signed, expected, clock);
  const { nameId, subjectType } = readSubject(signed.assertion, provider.subjectFormat);
  const attributes = readAttributes(signed.assertion);
  const issuer = signed.entity.entityId;
  const nameQualifier = nameQualifierOf(issuer, provider);
  const { recipient } = checked;
  const facts = { recipient, issuer, subject: nameId.value, subjectType, nameQualifier, attributes };
  return {
    kind: 'saml',
    providerArn: provider.arn,
    issuer,
    subject: nameId.value,
    // AWS calls the Recipient by that name (wire-spec 4).
    audience: recipient,
    conditionKeys: samlConditionKeys(facts, provider),
    ...readSessionAttributes(attributes, provider),
    proofHash: hash('sha256', token),
    proofId: checked.assertionId,
    expiresAtMs,
    saml: { ...checked, nameId, subjectType, nameQualifier, attributes },
  };
}

/** AWS's plain concatenation (wire-spec 4): a name, not a proof, so SHA-1 does. */
function nameQualifierOf(issuer: string, { account, name }: SamlProvider): string {
  return hash('sha1', `${issuer}${account}/${name}`, 'base64');
}
