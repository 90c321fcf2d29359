import { z } from 'zod';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { allowedRecord, audited } from '../../domain/federation/audited.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { SamlEndpoint, SamlIdpEntity } from '../../domain/identity/saml-metadata.ts';
import { isRelayStateShort, type ReceivedMessage } from '../../protocols/saml/bindings.ts';
import {
  type LogoutSubject,
  type LogoutTrust,
  renderLogoutRequest,
  renderLogoutResponse,
  verifyLogoutRequest,
  verifyLogoutResponse,
} from '../../protocols/saml/logout.ts';
import { malformed, readForm } from '../read-form.ts';
import {
  createMessageId,
  findEndpoint,
  readMessage,
  refused,
  type SamlDeps,
  type SamlExchange,
  sendMessage,
  draftOf,
} from './exchange.ts';
import { sendSignedInPage, sendSignedOutPage } from './pages.ts';
import { isHandle, startAttempt, takeAttempt } from './request-cookie.ts';

const TICKET_MS = 12 * 3_600_000;
const MAX_TICKET_CHARS = 8_000;

const ticketSchema = z.strictObject({
  nameId: z.strictObject({
    value: z.string(),
    format: z.string().optional(),
    nameQualifier: z.string().optional(),
    spNameQualifier: z.string().optional(),
  }),
  sessionIndex: z.string().optional(),
  expiresAtMs: z.number(),
});

/** The plain page of a sign-in; its button carries a sealed ticket with what the identity provider needs to sign out. */
export function showSignedIn(exchange: SamlExchange, { subject, saml }: SamlIdentity, deps: SamlDeps): void {
  const { ctx, facts, provider } = exchange;
  const { nameId, sessionIndex } = saml;
  const ticket = JSON.stringify({ nameId, sessionIndex, expiresAtMs: facts.timeMs + TICKET_MS });
  const fields = { ticket: Buffer.from(deps.seal(ticket, contextOf(exchange))).toString('base64url') };
  sendSignedInPage(ctx, {
    subject,
    provider: provider.name,
    logout: { action: `/saml/${provider.name}/logout`, fields, button: 'Sign out' },
  });
}

/**
 * Signs out here, then at the identity provider: its endpoint is best effort, and the page says how it went.
 *
 * @throws FederationError `malformed-input`, `invalid-identity-token`, of the metadata or the store
 * @see SAML Profiles 4.4.3.1
 */
export async function startLogout(exchange: SamlExchange, deps: SamlDeps): Promise<void> {
  const { ctx, facts, provider, sp } = exchange;
  const draft = draftOf(exchange, 'SamlSignOut');
  await audited(draft, deps, async () => {
    const { entityId: issuer } = sp;
    const subject = openTicket(await readForm(ctx), exchange, deps);
    const sessionIndexes = subject.sessionIndex === undefined ? [] : [subject.sessionIndex];
    await endSignIns({ subject: subject.nameId.value, sessionIndexes }, draft, deps);
    const target = await findLogoutEndpoint(exchange, deps);
    if (target === undefined) {
      sendSignedOutPage(ctx, { provider: provider.name, identityProvider: 'unknown' });
      return;
    }
    const requestId = createMessageId(deps);
    const about = { purpose: 'sign-out', requestId, forceAuthn: false, authnContextClassRefs: [] } as const;
    const { handle } = await startAttempt(exchange, about, deps);
    const destination = target.location;
    const xml = renderLogoutRequest(
      { id: requestId, issueInstantMs: facts.timeMs, destination, issuer },
      subject,
    );
    const message = { kind: 'SAMLRequest', xml, relayState: handle } as const;
    const { signing } = await deps.spKeys();
    sendMessage(ctx, message, { endpoint: target, purpose: 'sign-out', signing });
  });
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
  if (!isHandle(handle)) throw refused('the logout response answers no request of ours');
  const attempt = await takeAttempt(exchange, { handle, purpose: 'sign-out' }, deps.loginAttempts);
  const outcome = verifyLogoutResponse(message, attempt.requestId, trust);
  const identityProvider = outcome === 'complete' ? 'ended' : 'unknown';
  sendSignedOutPage(exchange.ctx, { provider: exchange.provider.name, identityProvider });
}

type Answering = { readonly exchange: SamlExchange; readonly draft: AuditDraft; readonly deps: SamlDeps };

async function answerLogoutRequest(
  message: ReceivedMessage,
  trust: LogoutTrust,
  { exchange, draft, deps }: Answering,
): Promise<void> {
  const { ctx, facts, provider, sp } = exchange;
  const { relayState } = message;
  if (relayState !== undefined && !isRelayStateShort(relayState))
    throw malformed('RelayState is longer than 80 bytes (SAML Bindings 3.4.3)');
  const { id, entity, subject, sessionIndexes, expiresAtMs } = verifyLogoutRequest(message, trust);
  const isFirst = await deps.sessions.claim({ key: `saml-logout:${provider.arn} ${id}`, expiresAtMs });
  if (!isFirst) throw refused('the logout request was used before');
  await endSignIns({ subject, sessionIndexes }, draft, deps);
  const destination = answerEndpoint(entity);
  if (destination === undefined) {
    sendSignedOutPage(ctx, { provider: provider.name, identityProvider: 'unknown' });
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
  sendMessage(ctx, answer, { endpoint: destination, purpose: 'sign-out', signing });
}

/** Best effort: an identity provider that cannot be asked, or has no endpoint, must not keep anybody signed in here. */
async function findLogoutEndpoint(
  { provider }: SamlExchange,
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

/** Ends the browser sessions; credentials that were issued live on, as AWS has it, and the page says so. */
async function endSignIns(
  who: { readonly subject: string; readonly sessionIndexes: readonly string[] },
  draft: AuditDraft,
  deps: SamlDeps,
): Promise<void> {
  const { principalArn } = draft.requestParameters;
  const ended = await deps.signIn.signOut({ ...who, providerArn: String(principalArn) });
  draft.requestParameters = { ...draft.requestParameters, subject: who.subject };
  const record = allowedRecord(draft, { sessionsEnded: ended }, deps.random);
  await deps.audit.record(record);
  deps.emit(record.event);
}

async function trustOf({ facts, provider, sp }: SamlExchange, deps: SamlDeps): Promise<LogoutTrust> {
  const metadata = await deps.metadataOf(provider);
  return { provider, metadata, destination: sp.singleLogoutUrl, nowMs: facts.timeMs };
}

function contextOf({ provider }: SamlExchange): string {
  return `saml-logout:${provider.arn}`;
}

/** Only who was shown the page has its ticket, so no other site can sign anybody out. */
function openTicket(form: string, exchange: SamlExchange, { openSecret }: SamlDeps): LogoutSubject {
  const text = new URLSearchParams(form).get('ticket') ?? '';
  if (text === '' || text.length > MAX_TICKET_CHARS) throw malformed('the logout form has no ticket');
  const { nameId, sessionIndex, expiresAtMs } = parseTicket(text, (sealed) =>
    openSecret(sealed, contextOf(exchange)),
  );
  if (expiresAtMs <= exchange.facts.timeMs) throw refused('the logout ticket has expired');
  const { value, format, nameQualifier, spNameQualifier } = nameId;
  return {
    nameId: {
      value,
      ...(format === undefined ? {} : { format }),
      ...(nameQualifier === undefined ? {} : { nameQualifier }),
      ...(spNameQualifier === undefined ? {} : { spNameQualifier }),
    },
    ...(sessionIndex === undefined ? {} : { sessionIndex }),
  };
}

function parseTicket(text: string, open: (sealed: Uint8Array) => string): z.output<typeof ticketSchema> {
  try {
    return ticketSchema.parse(JSON.parse(open(Buffer.from(text, 'base64url'))));
  } catch {
    throw refused('the logout ticket was not made here');
  }
}
