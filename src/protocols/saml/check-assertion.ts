import type { SamlFacts } from '../../domain/identity/saml-identity.ts';
import { checkInResponseTo, checkIssuer, checkVersion, type ExpectedResponse } from './check-response.ts';
import { parseDateTime } from './date-time.ts';
import { SAML_ASSERTION } from './namespaces.ts';
import { AUDIENCE_MISSING, expiredResponse, refuseResponse, RESPONSE_INVALID } from './refusal.ts';
import type { SignedAssertion } from './signed-response.ts';
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  isNamed,
  optionalChild,
  requiredAttribute,
  requiredChild,
  textOf,
} from './xml-document.ts';
import { XmlError } from './xml-error.ts';

/** Epoch milliseconds, and how far the clocks of both sides may differ. */
export type Clock = { readonly nowMs: number; readonly skewMs: number };

export type CheckedAssertion = Pick<
  SamlFacts,
  | 'assertionId'
  | 'inResponseTo'
  | 'recipient'
  | 'sessionIndex'
  | 'sessionNotOnOrAfterMs'
  | 'issueInstantMs'
  | 'authnInstantMs'
  | 'authnContextClassRef'
> & {
  /** From when on no verifier takes it any more, skew included. */
  readonly expiresAtMs: number;
};

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

/**
 * Checks an assertion's Version, Issuer, bearer confirmation, conditions, times and authentication.
 *
 * @throws XmlError, FederationError `invalid-identity-token`, `expired-identity-token`
 * @see SAML Core 2.3.3, Profiles 4.1.4.3
 */
export function checkAssertion(
  { assertion, entity }: SignedAssertion,
  expected: ExpectedResponse,
  clock: Clock,
): CheckedAssertion {
  checkVersion(assertion);
  checkIssuer(requiredChild(assertion, SAML_ASSERTION, 'Issuer'), entity);
  const issueInstantMs = checkIssueInstant(assertion, expected, clock);
  const confirmation = checkConfirmation(assertion, expected, clock);
  const conditionsEndMs = checkConditions(assertion, expected, clock);
  const { recipient, inResponseTo, notOnOrAfterMs } = confirmation;
  return {
    assertionId: requiredAttribute(assertion, 'ID'),
    ...(inResponseTo === undefined ? {} : { inResponseTo }),
    recipient,
    issueInstantMs,
    ...checkAuthnStatement(assertion, clock),
    expiresAtMs: Math.min(notOnOrAfterMs, conditionsEndMs) + clock.skewMs,
  };
}

function checkIssueInstant(
  assertion: Element,
  { maxAgeSeconds = Infinity }: ExpectedResponse,
  clock: Clock,
): number {
  const issued = requiredTime(assertion, 'IssueInstant');
  if (isFuture(issued, clock))
    throw refuseResponse(RESPONSE_INVALID, 'IssueInstant is in the future (SAML Core 2.3.3)');
  if (isPast(issued + maxAgeSeconds * 1000, clock))
    throw expiredResponse(`the assertion was issued more than ${maxAgeSeconds} seconds ago (wire-spec 4)`);
  return issued;
}

function checkConfirmation(assertion: Element, { recipients, inResponseTo }: ExpectedResponse, clock: Clock) {
  const data = bearerData(requiredChild(assertion, SAML_ASSERTION, 'Subject'));
  const recipient = requiredAttribute(data, 'Recipient');
  if (!recipients.includes(recipient))
    throw refuseResponse(AUDIENCE_MISSING, 'Recipient is not one of our URLs (SAML Profiles 4.1.4.3)');
  checkInResponseTo(data, inResponseTo);
  requiredAttribute(data, 'NotOnOrAfter');
  const notOnOrAfterMs = checkWindow(data, clock);
  return { recipient, inResponseTo: attributeOf(data, 'InResponseTo'), notOnOrAfterMs };
}

/** Exactly one bearer confirmation, so that no second one can name another Recipient; other methods prove nothing to us. */
function bearerData(subject: Element): Element {
  const [bearer, ...others] = childrenNamed(subject, SAML_ASSERTION, 'SubjectConfirmation').filter(
    (confirmation) => attributeOf(confirmation, 'Method') === BEARER,
  );
  if (bearer === undefined || others.length > 0)
    throw new XmlError('has not exactly one bearer SubjectConfirmation (SAML Profiles 4.1.4.2)');
  return requiredChild(bearer, SAML_ASSERTION, 'SubjectConfirmationData');
}

function checkConditions(assertion: Element, { audiences }: ExpectedResponse, clock: Clock): number {
  const conditions = requiredChild(assertion, SAML_ASSERTION, 'Conditions');
  const restrictions = childrenNamed(conditions, SAML_ASSERTION, 'AudienceRestriction');
  if (restrictions.length === 0 || !restrictions.every((restriction) => isForUs(restriction, audiences)))
    throw refuseResponse(AUDIENCE_MISSING, 'an AudienceRestriction does not name us (SAML Core 2.5.1.4)');
  if (!childrenOf(conditions).every(isKnownCondition))
    throw refuseResponse(RESPONSE_INVALID, 'a condition is not understood (SAML Core 2.5.1.1)');
  return checkWindow(conditions, clock);
}

function isForUs(restriction: Element, audiences: readonly string[]): boolean {
  return childrenNamed(restriction, SAML_ASSERTION, 'Audience').some((audience) =>
    audiences.includes(textOf(audience)),
  );
}

/** OneTimeUse holds for every assertion here; ProxyRestriction limits who issues assertions of their own, as we never do. */
function isKnownCondition(condition: Element): boolean {
  return ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'].some((name) =>
    isNamed(condition, SAML_ASSERTION, name),
  );
}

/** Exactly one: of two sessions it would be open which one ends, and by which index it is logged out. */
function checkAuthnStatement(assertion: Element, clock: Clock) {
  const statement = requiredChild(assertion, SAML_ASSERTION, 'AuthnStatement');
  const authnInstantMs = requiredTime(statement, 'AuthnInstant');
  if (isFuture(authnInstantMs, clock))
    throw refuseResponse(RESPONSE_INVALID, 'AuthnInstant is in the future (SAML Core 2.7.2)');
  const sessionNotOnOrAfterMs = optionalTime(statement, 'SessionNotOnOrAfter');
  if (sessionNotOnOrAfterMs !== undefined && isPast(sessionNotOnOrAfterMs, clock))
    throw expiredResponse('SessionNotOnOrAfter has passed (SAML Core 2.7.2)');
  const sessionIndex = attributeOf(statement, 'SessionIndex');
  const authnContextClassRef = classOf(requiredChild(statement, SAML_ASSERTION, 'AuthnContext'));
  return {
    authnInstantMs,
    ...(sessionNotOnOrAfterMs === undefined ? {} : { sessionNotOnOrAfterMs }),
    ...(sessionIndex === undefined ? {} : { sessionIndex }),
    ...(authnContextClassRef === undefined ? {} : { authnContextClassRef }),
  };
}

function classOf(context: Element): string | undefined {
  const reference = optionalChild(context, SAML_ASSERTION, 'AuthnContextClassRef');
  return reference === undefined ? undefined : textOf(reference);
}

/** Checks NotBefore and NotOnOrAfter where they are, and returns the end, Infinity where there is none. */
function checkWindow(element: Element, clock: Clock): number {
  const start = optionalTime(element, 'NotBefore');
  if (start !== undefined && isFuture(start, clock))
    throw refuseResponse(
      RESPONSE_INVALID,
      `NotBefore of ${element.localName} is in the future (SAML Core 2.5.1)`,
    );
  const end = optionalTime(element, 'NotOnOrAfter') ?? Infinity;
  if (isPast(end, clock))
    throw expiredResponse(`NotOnOrAfter of ${element.localName} has passed (SAML Core 2.5.1)`);
  return end;
}

function requiredTime(element: Element, name: string): number {
  return toTime(requiredAttribute(element, name), name);
}

function optionalTime(element: Element, name: string): number | undefined {
  const text = attributeOf(element, name);
  return text === undefined ? undefined : toTime(text, name);
}

function toTime(text: string, name: string): number {
  const time = parseDateTime(text);
  if (time === undefined) throw new XmlError(`has a ${name} that is no UTC time (SAML Core 1.3.3)`);
  return time;
}

function isPast(timeMs: number, { nowMs, skewMs }: Clock): boolean {
  return nowMs >= timeMs + skewMs;
}

function isFuture(timeMs: number, { nowMs, skewMs }: Clock): boolean {
  return nowMs + skewMs < timeMs;
}
