import type { ExchangedTokens } from '../application/exchanged-tokens.ts';
import { FederationError } from '../errors.ts';
import type { People } from '../identity/people.ts';
import { isPublicSubject } from '../identity/person.ts';
import type { Directory } from '../role/directory.ts';
import type { BrowserSessions } from '../session/browser-sessions.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { OwnToken } from '../token/own-token.ts';
import { callerOf } from './authenticate.ts';
import type { ExchangeSubject } from './exchange-subject.ts';

export type OwnTokenDeps = {
  readonly directory: Directory;
  readonly browserSessions: Pick<BrowserSessions, 'findSignIn'>;
  readonly people: Pick<People, 'findBySubject'>;
  readonly exchangedTokens: Pick<ExchangedTokens, 'find'>;
  readonly sessions: Pick<SessionStore, 'find'>;
};

/**
 * Who stands behind a token of ours now: a token tells who did when it was made, and is good for as long as they still do.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `unknown-credentials`, `store-unavailable`
 */
export async function subjectOfOwnToken(
  token: OwnToken,
  nowMs: number,
  deps: OwnTokenDeps,
): Promise<ExchangeSubject> {
  if (token.expiresAtMs <= nowMs) throw new FederationError('expired-identity-token', 'token expired');
  if (deps.directory.application(token.clientId) === undefined)
    throw gone('the application that it was made for');
  if (token.signInId !== undefined) return signInOf(token, token.signInId, deps);
  if (token.subject === token.clientId) return { kind: 'application', token };
  return originOf(token, nowMs, deps);
}

/** Signing out, sitting idle and being revoked end a sign-in, and with it all that its tokens could be exchanged for. */
async function signInOf(token: OwnToken, signInId: string, deps: OwnTokenDeps): Promise<ExchangeSubject> {
  if (!isPublicSubject(token.subject)) throw gone('a person');
  const [session, person] = await Promise.all([
    deps.browserSessions.findSignIn(token.subject, signInId),
    deps.people.findBySubject(token.subject),
  ]);
  if (session === undefined) throw gone('the sign-in');
  if (person === undefined) throw gone('the person');
  const provider = deps.directory.signInProvider(session.signIn.identity.providerArn);
  if (provider === undefined) throw gone('the provider');
  return { kind: 'sign-in', token, session, provider };
}

async function originOf(token: OwnToken, nowMs: number, deps: OwnTokenDeps): Promise<ExchangeSubject> {
  const origin = token.tokenId === '' ? undefined : await deps.exchangedTokens.find(token.tokenId);
  if (origin === undefined) throw gone('the record of what it was exchanged from');
  if (origin.kind === 'proof') {
    const { identity } = origin;
    if (!deps.directory.hasProvider(identity.providerArn)) throw gone('the provider');
    return { kind: 'exchanged', token, identity };
  }
  const session = await deps.sessions.find(origin.accessKeyId);
  if (session === undefined || session.expiresAtMs <= nowMs) throw gone('the role session');
  return { kind: 'role-session', caller: callerOf(session, deps.directory), token };
}

function gone(what: string): FederationError {
  return new FederationError('invalid-identity-token', `${what} behind the token is not there any more`);
}
