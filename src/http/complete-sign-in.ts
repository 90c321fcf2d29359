import type { AuditDraft } from '../domain/audit/audit-draft.ts';
import { FederationError } from '../domain/errors.ts';
import { singleUseOf } from '../domain/federation/single-use.ts';
import type { LoginAttempt } from '../domain/session/login-attempt.ts';
import type { SignIn } from '../domain/session/browser-session.ts';
import { signPersonIn } from '../domain/session/sign-person-in.ts';
import { rememberProvider } from './last-provider-cookie.ts';
import { giveSession, seeOther, type PageDeps, type PageExchange } from './page-exchange.ts';
import { returnPathOf } from './return-path.ts';

export type CompleteSignInDeps = PageDeps & {
  /** Told how the answer of a provider ended, by the provider's name. */
  readonly onSignIn: (provider: string, outcome: 'success' | 'failure') => void;
};

export type VerifiedSignIn = {
  readonly signIn: SignIn;
  /** The provider's name in `/signin/{name}`. */
  readonly provider: string;
  /** Absent: nobody here asked for it. */
  readonly attempt?: LoginAttempt;
};

/**
 * Opens the session of a verified sign-in and sends the browser on: the end of every way in. The session gets a new id, and
 * the one that the browser had before ends.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `store-unavailable`
 */
export async function completeSignIn(
  exchange: PageExchange,
  { signIn, provider, attempt }: VerifiedSignIn,
  { draft, deps }: { readonly draft: AuditDraft; readonly deps: CompleteSignInDeps },
): Promise<void> {
  const { ctx, facts } = exchange;
  draft.identity = signIn.identity;
  // A session that is over at once would send the browser round and round between the provider and here.
  if ((signIn.notOnOrAfterMs ?? Infinity) <= facts.timeMs)
    throw new FederationError('expired-identity-token', 'the provider lets the sign-in end before it begins');
  // Taken once on all nodes, and by all ways in: what signed somebody in opens nothing at the STS endpoint.
  if (!(await deps.sessions.claim(singleUseOf(signIn.identity))))
    throw new FederationError('invalid-identity-token', 'the proof was used before');
  const opened = await signPersonIn(signIn, draft, deps);
  for (const former of formerOf(exchange, attempt)) await deps.browserSessions.end(former);
  giveSession(exchange, opened);
  rememberProvider(exchange, provider);
  deps.onSignIn(provider, 'success');
  seeOther(ctx, returnPathOf(attempt?.returnTo));
}

function formerOf({ session }: PageExchange, attempt: LoginAttempt | undefined): ReadonlySet<string> {
  return new Set([session?.id, attempt?.replaces].filter((id) => id !== undefined));
}
