import { hash } from 'node:crypto';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { allowedRecord, audited } from '../../domain/federation/audited.ts';
import { singleUseOf } from '../../domain/federation/single-use.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { LoginAttempt } from '../../domain/session/login-attempt.ts';
import type { ReceivedMessage } from '../../protocols/saml/bindings.ts';
import { verifySamlResponse } from '../../protocols/saml/verify-response.ts';
import { malformed } from '../read-form.ts';
import { readMessage, refused, type SamlDeps, type SamlExchange, draftOf } from './exchange.ts';
import { isHandle, takeAttempt } from './request-cookie.ts';
import { showSignedIn } from './single-logout.ts';

/**
 * Takes the response that a browser brings: attempt, verification, single use, audit, then the sign-in port.
 *
 * @throws FederationError of the message, the proof, the metadata or the store
 * @see SAML Profiles 4.1.4.3 and 4.1.4.5
 */
export async function consumeAssertion(exchange: SamlExchange, deps: SamlDeps): Promise<void> {
  const { ctx } = exchange;
  const draft = draftOf(exchange, 'SamlSignIn');
  const { identity, location } = await audited(draft, deps, async () => {
    const message = await readMessage(ctx);
    if (message.kind !== 'SAMLResponse') throw malformed('a request at the assertion consumer service');
    draft.tokenHash = hash('sha256', message.encoded);
    const attempt = await attemptOf(message, exchange, deps);
    const verified = await verify(message, attempt, exchange, deps);
    draft.identity = verified;
    draft.requestParameters = {
      ...draft.requestParameters,
      sAMLAssertionID: verified.saml.assertionId,
      inResponseTo: verified.saml.inResponseTo,
    };
    // Taken once on all nodes, and by all ways in: what signed somebody in opens nothing at the STS endpoint.
    if (!(await deps.sessions.claim(singleUseOf(verified)))) throw refused('the assertion was used before');
    return { identity: verified, location: await signIn(verified, attempt, draft, deps) };
  });
  if (location === undefined) {
    showSignedIn(exchange, identity, deps);
    return;
  }
  // See other: the browser must not post the response on to the next page.
  ctx.status = 303;
  ctx.redirect(location);
}

/** The attempt that the response claims to answer; `undefined`: nobody asked for it, which the provider must allow. */
async function attemptOf(
  { relayState }: ReceivedMessage,
  exchange: SamlExchange,
  { loginAttempts }: SamlDeps,
): Promise<LoginAttempt | undefined> {
  if (isHandle(relayState))
    return takeAttempt(exchange, { handle: relayState, purpose: 'sign-in' }, loginAttempts);
  if (exchange.provider.idpInitiated === 'allow') return undefined;
  throw refused('the response answers no attempt, and the provider has idpInitiated: deny');
}

async function verify(
  { encoded }: ReceivedMessage,
  attempt: LoginAttempt | undefined,
  { facts, provider, sp }: SamlExchange,
  deps: SamlDeps,
): Promise<SamlIdentity> {
  const identity = await verifySamlResponse(encoded, {
    provider,
    metadata: await deps.metadataOf(provider),
    expected: {
      // Ours alone: what an identity provider made for AWS is no sign-in here.
      recipients: [sp.assertionConsumerServiceUrl],
      audiences: [sp.entityId],
      inResponseTo:
        attempt === undefined ? { kind: 'unsolicited' } : { kind: 'request', id: attempt.requestId },
    },
    decryptionKeys: (await deps.spKeys()).decryptionKeys,
    nowMs: facts.timeMs,
  });
  if (attempt !== undefined) checkWishes(attempt, identity, provider.clockSkewSeconds);
  return identity;
}

/** An identity provider that ignores what was asked for must not pass for one that did it. */
function checkWishes(
  { forceAuthn, startedAtMs, authnContextClassRefs }: LoginAttempt,
  { saml: { authnInstantMs, authnContextClassRef } }: SamlIdentity,
  clockSkewSeconds: number,
): void {
  if (forceAuthn && authnInstantMs < startedAtMs - clockSkewSeconds * 1000)
    throw refused('AuthnInstant is before the request, which had ForceAuthn (SAML Core 3.4.1)');
  const isMet = authnContextClassRefs.includes(authnContextClassRef ?? '');
  if (authnContextClassRefs.length > 0 && !isMet)
    throw refused('AuthnContextClassRef is none that was requested (SAML Core 3.3.2.2.1)');
}

// Recorded before anything is opened: a store that cannot take the event ends the sign-in.
async function signIn(
  identity: SamlIdentity,
  attempt: LoginAttempt | undefined,
  draft: AuditDraft,
  deps: SamlDeps,
): Promise<string | undefined> {
  const record = allowedRecord(draft, null, deps.random);
  await deps.audit.record(record);
  deps.emit(record.event);
  const { returnTo } = attempt ?? {};
  return deps.signIn.signIn({
    identity,
    facts: draft.facts,
    ...(returnTo === undefined ? {} : { returnTo }),
  });
}
