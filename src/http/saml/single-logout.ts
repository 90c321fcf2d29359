import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { audited, recordAllowed } from '../../domain/federation/audited.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SamlEndpoint, SamlIdpEntity } from '../../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { isRelayStateShort, type ReceivedMessage } from '../../protocols/saml/bindings.ts';
import {
  type LogoutTrust,
  renderLogoutRequest,
  renderLogoutResponse,
  verifyLogoutRequest,
  verifyLogoutResponse,
} from '../../protocols/saml/logout.ts';
import { serviceProviderOf } from '../../protocols/saml/sp-metadata.ts';
import { isHandle, startAttempt, takeAttempt, unknown } from '../login-attempt-cookie.ts';
import type { PageExchange } from '../page-exchange.ts';
import { malformed } from '../read-form.ts';
import { countRoleSessions, showSignedOut, readSignOutNote } from '../signed-out.ts';
import {
  createMessageId,
  draftOf,
  findEndpoint,
  readMessage,
  refused,
  type SamlDeps,
  type SamlExchange,
  sendMessage,
} from './exchange.ts';

/**
 * Sends a browser, whose session here has ended, to its identity provider to sign out there, too: best effort.
 *
 * @returns whether it was sent; `false`: the provider has no place for that, or it cannot be asked where that is
 * @throws FederationError `store-unavailable`
 * @see SAML Profiles 4.4.3.1
 */
export async function startSamlLogout(
  exchange: PageExchange,
  { providerArn, saml }: SamlIdentity,
  deps: SamlDeps,
): Promise<boolean> {
  const provider = deps.directory.samlProvider(providerArn);
  const target = provider && (await findLogoutEndpoint(provider, deps));
  if (provider === undefined || target === undefined) return false;
  const requestId = createMessageId(deps);
  const about = { purpose: 'sign-out', forceAuthn: false, authnContextClassRefs: [], site: 'cross' } as const;
  const { attempt } = await startAttempt(exchange, { ...about, providerArn, requestId }, deps);
  const outgoing = {
    id: requestId,
    issueInstantMs: exchange.facts.timeMs,
    destination: target.location,
    issuer: serviceProviderOf(provider, exchange.surface.publicUrl).entityId,
  };
  const message = {
    kind: 'SAMLRequest',
    xml: renderLogoutRequest(outgoing, saml),
    relayState: attempt.handle,
  } as const;
  const { signing } = await deps.spKeys();
  sendMessage(exchange, message, { endpoint: target, purpose: 'sign-out', signing });
  return true;
}

/**
 * Takes what the identity provider sends to the single logout endpoint: its request, or its answer to ours.
 *
 * @throws FederationError of the message, the metadata or the store
 * @see SAML Profiles 4.4.3.2 to 4.4.3.5
 */
export async function singleLogout(exchange: SamlExchange, deps: SamlDeps): Promise<void> {
  const draft = draftOf(exchange, 'SamlSignOut');
  await audited(draft, deps, async () => {
    const message = await readMessage(exchange.ctx);
    const trust = await trustOf(exchange, deps);
    if (message.kind === 'SAMLResponse') await finishLogout(message, trust, exchange, deps);
    else await answerLogoutRequest(message, trust, { exchange, draft, deps });
  });
}

async function finishLogout(
  message: ReceivedMessage,
  trust: LogoutTrust,
  exchange: SamlExchange,
  deps: SamlDeps,
): Promise<void> {
  const { relayState: handle } = message;
  if (!isHandle(handle)) throw unknown('the logout response answers no request of ours');
  const { arn: providerArn } = exchange.provider;
  const answer = { handle, purpose: 'sign-out', providerArn, site: 'cross' } as const;
  const { attempt } = await takeAttempt(exchange, answer, deps);
  const outcome = verifyLogoutResponse(message, attempt.requestId ?? '', trust);
  const note = readSignOutNote(exchange) ?? { roleSessionsEnded: 0, roleSessionsLeft: 0 };
  const atProvider = outcome === 'complete' ? 'ended' : 'unknown';
  showSignedOut(exchange, { ...note, providerArn }, { atProvider, deps });
}

type Answering = { readonly exchange: SamlExchange; readonly draft: AuditDraft; readonly deps: SamlDeps };

async function answerLogoutRequest(
  message: ReceivedMessage,
  trust: LogoutTrust,
  { exchange, draft, deps }: Answering,
): Promise<void> {
  const { facts, provider, sp } = exchange;
  const { relayState } = message;
  if (relayState !== undefined && !isRelayStateShort(relayState))
    throw malformed('RelayState is longer than 80 bytes (SAML Bindings 3.4.3)');
  const { id, entity, subject, sessionIndexes, expiresAtMs } = verifyLogoutRequest(message, trust);
  const isFirst = await deps.sessions.claim({ key: `saml-logout:${provider.arn} ${id}`, expiresAtMs });
  if (!isFirst) throw refused('the logout request was used before');
  const remaining = await endSignIns({ subject, sessionIndexes }, { exchange, draft, deps });
  const destination = answerEndpoint(entity);
  if (destination === undefined) {
    const person = { providerArn: provider.arn, subject };
    const roleSessionsLeft = await countRoleSessions(person, deps.sessions);
    const note = { providerArn: provider.arn, roleSessionsEnded: 0, roleSessionsLeft };
    showSignedOut(remaining, note, { atProvider: 'unknown', deps });
    return;
  }
  const outgoing = {
    id: createMessageId(deps),
    issueInstantMs: facts.timeMs,
    destination: destination.location,
    issuer: sp.entityId,
  };
  const xml = renderLogoutResponse(outgoing, id);
  const answer = { kind: 'SAMLResponse', xml, ...(relayState === undefined ? {} : { relayState }) } as const;
  const { signing } = await deps.spKeys();
  sendMessage(remaining, answer, { endpoint: destination, purpose: 'sign-out', signing });
}

/** Best effort: an identity provider that cannot be asked, or has no endpoint, must not keep anybody signed in here. */
async function findLogoutEndpoint(
  provider: SamlProvider,
  { metadataOf }: SamlDeps,
): Promise<SamlEndpoint | undefined> {
  try {
    return findEndpoint((await metadataOf(provider)).entities, 'singleLogout')?.endpoint;
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}

/** Answers may have a place of their own. It is the metadata's in any case, never one that a message names. */
function answerEndpoint(entity: SamlIdpEntity): SamlEndpoint | undefined {
  const singleLogout = entity.singleLogout.map(({ binding, location, responseLocation }) => ({
    binding,
    location: responseLocation ?? location,
  }));
  return findEndpoint([{ ...entity, singleLogout }], 'singleLogout')?.endpoint;
}

/**
 * Ends the browser sessions; credentials that were issued live on, as AWS has it, and the page says so.
 *
 * @returns the exchange as it goes on: where this very browser was signed out, without its session
 */
async function endSignIns(
  { subject, sessionIndexes }: { readonly subject: string; readonly sessionIndexes: readonly string[] },
  { exchange, draft, deps }: Answering,
): Promise<PageExchange> {
  const person = { providerArn: exchange.provider.arn, subject };
  const sessions = await deps.browserSessions.listOf(person);
  const ending = sessions.filter((session) => isMeant(session, sessionIndexes));
  const ended = await Promise.all(ending.map(({ id }) => deps.browserSessions.end(id)));
  await deps.tellApplications(ending);
  draft.requestParameters = { ...draft.requestParameters, subject };
  await recordAllowed(draft, { sessionsEnded: ended.filter(Boolean).length }, deps);
  return ending.some(({ id }) => id === exchange.session?.id) ? exchange.leave() : exchange;
}

/** No SessionIndex means all of the subject's sign-ins. @see SAML Core 3.7.3.2 */
function isMeant({ signIn }: BrowserSession, sessionIndexes: readonly string[]): boolean {
  if (sessionIndexes.length === 0) return true;
  const { identity } = signIn;
  return 'saml' in identity && sessionIndexes.includes(identity.saml.sessionIndex ?? '');
}

async function trustOf({ facts, provider, sp }: SamlExchange, deps: SamlDeps): Promise<LogoutTrust> {
  const metadata = await deps.metadataOf(provider);
  return { provider, metadata, destination: sp.singleLogoutUrl, nowMs: facts.timeMs };
}
