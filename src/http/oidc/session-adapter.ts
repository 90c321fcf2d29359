import type { Adapter, AdapterPayload } from 'oidc-provider';
import { publicSubjectOf } from '../../domain/identity/person.ts';
import { authenticationOf } from '../../domain/session/authentication.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { BrowserSessions } from '../../domain/session/browser-sessions.ts';
import type { OauthRecords } from './oauth-records.ts';
import { currentScope } from './provider-scope.ts';

export type SessionAdapterDeps = { readonly browserSessions: Pick<BrowserSessions, 'findSignIn'> };

/**
 * The library's session is our browser session by another name: it is there exactly while the sign-in lives, and says of it what
 * is true now. Of its own there is only what the person granted to which application, and the state of a form. So signing out,
 * idling and revoking end all that is bound to it, and browsers get no second cookie that could be stolen.
 */
export function createSessionAdapter(records: OauthRecords, deps: SessionAdapterDeps): Adapter {
  return {
    find: async (id) => {
      const session = currentScope()?.session;
      if (session?.signInId !== id) return undefined;
      return payloadOf(session, await records.find('Session', id));
    },
    findByUid: async (uid) => {
      const stored = await records.find('Session', uid);
      if (stored?.accountId === undefined) return undefined;
      const session = await findSignIn(stored.accountId, uid, deps);
      return session && payloadOf(session, stored);
    },
    upsert: async (_id, { uid, accountId, authorizations, state }, lifetimeSeconds = 0) => {
      // Without a person there is nothing to remember: whoever comes to sign in gets the session of the sign-in.
      if (uid === undefined || accountId === undefined) return;
      const payload = { accountId, ...(authorizations && { authorizations }), ...(state && { state }) };
      await records.save('Session', uid, { payload, lifetimeSeconds });
    },
    // It gives a session another id now and then, and removes the old one first: for that moment all its tokens would be void.
    destroy: () => Promise.resolve(),
    findByUserCode: () => Promise.resolve(undefined),
    consume: () => Promise.resolve(),
    revokeByGrantId: () => Promise.resolve(),
  };
}

/** The living sign-in; looked up once for each request. */
export async function findSignIn(
  accountId: string,
  signInId: string,
  { browserSessions }: SessionAdapterDeps,
): Promise<BrowserSession | undefined> {
  const scope = currentScope();
  const finding = scope?.signIns.get(signInId) ?? browserSessions.findSignIn(accountId, signInId);
  scope?.signIns.set(signInId, finding);
  const found = await finding;
  if (found !== undefined) scope?.signInEnds.set(signInId, found.endsAtMs);
  return found;
}

function payloadOf(session: BrowserSession, stored: AdapterPayload | undefined): AdapterPayload {
  const accountId = publicSubjectOf(session.signIn.identity);
  const { auth_time: loginTs, acr, amr } = authenticationOf(session);
  const { authorizations, state } = stored?.accountId === accountId ? stored : {};
  return {
    kind: 'Session',
    jti: session.signInId,
    uid: session.signInId,
    accountId,
    loginTs,
    acr,
    ...(amr && { amr: [...amr] }),
    exp: Math.floor(session.endsAtMs / 1000),
    ...(authorizations && { authorizations }),
    ...(state && { state }),
  };
}
