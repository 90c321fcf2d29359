import type { BrowserSession, Ceremony } from '../session/browser-session.ts';
import type { SessionStore } from '../session/session-store.ts';
import { sessionEnded } from './change-person.ts';
import type { FactorDeps } from './factor-deps.ts';
import { refuseExpired } from './refusals.ts';

type CeremonyOf<K extends Ceremony['kind']> = Extract<Ceremony, { readonly kind: K }>;

/** How long a browser and its authenticator may take. */
const PASSKEY_CEREMONY_MS = 5 * 60_000;
/** Long enough to find and install an app. */
export const TOTP_CEREMONY_MS = 15 * 60_000;

/** Begins a ceremony in place of any other. @throws FederationError `sign-in-required` where the session has ended */
export async function beginCeremony(
  session: BrowserSession,
  ceremony: Ceremony,
  { browserSessions }: Pick<FactorDeps, 'browserSessions'>,
): Promise<void> {
  if (!(await browserSessions.setCeremony(session, ceremony))) throw sessionEnded();
}

/**
 * Begins a ceremony with a passkey; returns its challenge: 256 random bits (WebAuthn Level 3, 13.4.3 wants 128), base64url.
 *
 * @throws FederationError `sign-in-required` where the session has ended
 */
export async function beginPasskeyCeremony(
  kind: 'enrol-passkey' | 'prove-passkey',
  { session, nowMs }: { readonly session: BrowserSession; readonly nowMs: number },
  deps: Pick<FactorDeps, 'browserSessions' | 'random'>,
): Promise<string> {
  const challenge = Buffer.from(deps.random(32)).toString('base64url');
  await beginCeremony(session, { kind, challenge, expiresAtMs: nowMs + PASSKEY_CEREMONY_MS }, deps);
  return challenge;
}

/** The session's ceremony, if it is of this kind and not over. */
export function livingCeremony<K extends Ceremony['kind']>(
  { ceremony }: Pick<BrowserSession, 'ceremony'>,
  kind: K,
  nowMs: number,
): CeremonyOf<K> | undefined {
  return ceremony !== undefined && isOfKind(ceremony, kind) && nowMs < ceremony.expiresAtMs
    ? ceremony
    : undefined;
}

function isOfKind<K extends Ceremony['kind']>(ceremony: Ceremony, kind: K): ceremony is CeremonyOf<K> {
  return ceremony.kind === kind;
}

/**
 * Ends a passkey ceremony by the answer to it: its challenge works once, on all nodes, whatever comes of the answer.
 *
 * @param answered the challenge that the answer names
 * @throws FederationError `factor-refused` (`expired`)
 */
export async function takeChallenge(
  session: Pick<BrowserSession, 'ceremony'>,
  {
    kind,
    answered,
    nowMs,
  }: { readonly kind: 'enrol-passkey' | 'prove-passkey'; readonly answered: string; readonly nowMs: number },
  { sessions }: { readonly sessions: Pick<SessionStore, 'claim'> },
): Promise<string> {
  const ceremony = livingCeremony(session, kind, nowMs);
  if (ceremony === undefined || ceremony.challenge !== answered)
    throw refuseExpired('the passkey answers no ceremony of this session');
  const once = { key: `passkey-challenge:${ceremony.challenge}`, expiresAtMs: ceremony.expiresAtMs };
  if (!(await sessions.claim(once))) throw refuseExpired('the challenge was answered before');
  return ceremony.challenge;
}
