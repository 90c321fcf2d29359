import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { audited, recordAllowed } from '../../domain/federation/audited.ts';
import { personKeyOf } from '../../domain/identity/person.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { pageDraft, seeOther, type PageExchange } from '../page-exchange.ts';
import {
  countRoleSessions,
  displayNameOf,
  noteSignOut,
  showSignedOut,
  type SignOutNote,
  readSignOutNote,
} from '../signed-out.ts';
import type { SignInDeps } from './exchange.ts';

/** `GET /signout`: asks. Somebody whose provider is gone can sign out, too. */
export async function askToSignOut(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const { ctx, session, show } = exchange;
  if (session === undefined) {
    seeOther(ctx, '/signin?reason=signed-out');
    return;
  }
  const { identity } = session.signIn;
  const provider = displayNameOf(identity.providerArn, deps);
  const roleSessions = await countRoleSessions(identity, deps.sessions);
  // A SAML provider may send the browser on to every service that it knows.
  show('sign-out', { roleSessions, provider }, { formTargets: 'anywhere' });
}

/** `POST /signout`: ends the session here, then says what else there is to end. */
export async function signOut(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const { session } = exchange;
  if (session === undefined) {
    seeOther(exchange.ctx, '/signed-out');
    return;
  }
  const form = await exchange.form();
  const draft = pageDraft(exchange, 'SignOut', { signInId: session.signInId });
  const note = await audited(draft, deps, () => endSession(session, { form, draft, deps }));
  const left = exchange.leave();
  noteSignOut(left, note);
  const { identity } = session.signIn;
  if ('saml' in identity && (await deps.startSamlLogout(left, identity))) return;
  const logoutUrl = await findLogoutUrl(exchange, { session, note, deps });
  const offer = logoutUrl === undefined ? {} : { logoutUrl };
  showSignedOut(left, note, { atProvider: 'open', ...offer, deps });
}

/** `GET /signed-out`: where providers send the browser after they signed somebody out. */
export function signedOut(exchange: PageExchange, deps: SignInDeps): Promise<void> {
  const note = readSignOutNote(exchange);
  const state = new URLSearchParams(exchange.ctx.querystring).get('state');
  if (exchange.session !== undefined) seeOther(exchange.ctx, '/roles');
  else if (note === undefined) seeOther(exchange.ctx, '/signin?reason=signed-out');
  else showSignedOut(exchange, note, { atProvider: state === note.state ? 'ended' : 'unknown', deps });
  return Promise.resolve();
}

type Ending = { readonly form: URLSearchParams; readonly draft: AuditDraft; readonly deps: SignInDeps };

// The browser's session last: when the store fails before that, the person is still signed in and can try again.
async function endSession(session: BrowserSession, { form, draft, deps }: Ending): Promise<SignOutNote> {
  const { identity } = session.signIn;
  const query = { by: 'person', value: personKeyOf(identity) } as const;
  const roleSessionsEnded = form.has('revoke_roles') ? await deps.sessions.revokeAll(query) : 0;
  const roleSessionsLeft = await countRoleSessions(identity, deps.sessions);
  await deps.browserSessions.end(session.id);
  await deps.tellApplications([session]);
  await recordAllowed(draft, { roleSessionsEnded }, deps);
  const state = Buffer.from(deps.random(32)).toString('base64url');
  return { state, providerArn: identity.providerArn, roleSessionsEnded, roleSessionsLeft };
}

type Leaving = {
  readonly session: BrowserSession;
  readonly note: SignOutNote;
  readonly deps: SignInDeps;
};

/** Best effort: a provider that cannot be asked must not keep anybody from the page that says what has ended. */
async function findLogoutUrl(
  { surface }: PageExchange,
  { session: { signIn }, note, deps }: Leaving,
): Promise<string | undefined> {
  const found = deps.directory.signInProvider(note.providerArn);
  if (found?.kind !== 'oidc') return undefined;
  const { idToken } = signIn;
  const returnTo = `${surface.publicUrl}/signed-out`;
  const request = { provider: found.provider, returnTo, state: note.state, ...(idToken && { idToken }) };
  try {
    return await deps.oidc.logoutUrl(request);
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}
