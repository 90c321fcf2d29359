import { hash } from 'node:crypto';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { audited } from '../../domain/federation/audited.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { LoginAttempt } from '../../domain/session/login-attempt.ts';
import type { ReceivedMessage } from '../../protocols/saml/bindings.ts';
import { verifySamlResponse } from '../../protocols/saml/verify-response.ts';
import { completeSignIn } from '../complete-sign-in.ts';
import { isHandle, takeAttempt } from '../login-attempt-cookie.ts';
import { malformed } from '../read-form.ts';
import { draftOf, readMessage, refused, type SamlDeps, type SamlExchange } from './exchange.ts';
import { settingsOf } from './login.ts';
import { signInOf } from './sign-in-of.ts';

/**
 * Takes the response that a browser brings: attempt, verification, then the session.
 *
 * @throws FederationError of the message, the proof, the metadata or the store
 * @see SAML Profiles 4.1.4.3 and 4.1.4.5
 */
export async function consumeAssertion(exchange: SamlExchange, deps: SamlDeps): Promise<void> {
  const draft = draftOf(exchange, 'SamlSignIn');
  const { ctx, facts, provider } = exchange;
  await audited(draft, deps, async () => {
    const message = await readMessage(ctx);
    if (message.kind !== 'SAMLResponse') throw malformed('a request at the assertion consumer service');
    draft.tokenHash = hash('sha256', message.encoded);
    const settings = settingsOf(provider);
    const attempt = await attemptOf(message, exchange, deps);
    const identity = await verify(message, attempt, exchange, deps);
    noteIdentity(draft, identity);
    const signIn = signInOf(identity, settings, facts.timeMs);
    const verified = { signIn, provider: provider.name, ...(attempt && { attempt }) };
    await completeSignIn(exchange, verified, { draft, deps });
  });
}

function noteIdentity(draft: AuditDraft, identity: SamlIdentity): void {
  draft.identity = identity;
  draft.requestParameters = {
    ...draft.requestParameters,
    sAMLAssertionID: identity.saml.assertionId,
    inResponseTo: identity.saml.inResponseTo,
  };
}

/** The attempt that the response claims to answer; `undefined`: nobody asked for it, which the provider must allow. */
async function attemptOf(
  { relayState: handle }: ReceivedMessage,
  exchange: SamlExchange,
  deps: SamlDeps,
): Promise<LoginAttempt | undefined> {
  const { provider } = exchange;
  if (isHandle(handle)) {
    const answer = { handle, purpose: 'sign-in', providerArn: provider.arn, site: 'cross' } as const;
    return (await takeAttempt(exchange, answer, deps)).attempt;
  }
  if (provider.idpInitiated === 'allow') return undefined;
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
        attempt === undefined ? { kind: 'unsolicited' } : { kind: 'request', id: attempt.requestId ?? '' },
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
