import { FederationError } from '../../domain/errors.ts';
import { audited, recordAllowed } from '../../domain/federation/audited.ts';
import { personKeyOf } from '../../domain/identity/person.ts';
import { pageDraft, seeOther, type PageDeps, type PersonExchange } from '../page-exchange.ts';
import { malformed } from '../read-form.ts';
import { showSignedOut } from '../signed-out.ts';

const MAX_ID_CHARS = 128;

/** `POST /sessions/revoke`: ends one session, of the person's own alone. */
export async function revokeOne(exchange: PersonExchange, deps: PageDeps): Promise<void> {
  const form = await exchange.form();
  const { session } = exchange;
  const kind = form.get('kind');
  const id = (form.get('id') ?? '').slice(0, MAX_ID_CHARS);
  const draft = pageDraft(exchange, 'RevokeSession', { kind: kind === 'role' ? 'role' : 'browser', id });
  await audited(draft, deps, async () => {
    if (kind === 'browser') await endBrowser(id, exchange, deps);
    else if (kind === 'role') await endRoleSession(id, exchange, deps);
    else throw malformed('there is no such kind of session');
    await recordAllowed(draft, null, deps);
  });
  if (id === session.id) {
    exchange.leave();
    seeOther(exchange.ctx, '/signin?reason=signed-out');
  } else seeOther(exchange.ctx, '/sessions?ended=1');
}

/** `POST /sessions/revoke-others`: ends all of the person's browser sessions but this one. */
export async function revokeOthers(exchange: PersonExchange, deps: PageDeps): Promise<void> {
  await exchange.form();
  const { session } = exchange;
  const draft = pageDraft(exchange, 'RevokeOtherSessions');
  const ended = await audited(draft, deps, async () => {
    const ending = await deps.browserSessions.listOf(session.signIn.identity);
    const sessionsEnded = await deps.browserSessions.endAll(session.signIn.identity, session.id);
    await deps.tellApplications(ending.filter(({ id }) => id !== session.id));
    await recordAllowed(draft, { sessionsEnded }, deps);
    return sessionsEnded;
  });
  seeOther(exchange.ctx, `/sessions?ended=${ended}`);
}

/** `POST /sessions/revoke-all`: ends every browser and role session, this one included. */
export async function revokeAll(exchange: PersonExchange, deps: PageDeps): Promise<void> {
  await exchange.form();
  const { identity } = exchange.session.signIn;
  const draft = pageDraft(exchange, 'RevokeAllSessions');
  const roleSessionsEnded = await audited(draft, deps, async () => {
    // Browsers last: when the store fails before that, the person is still signed in and can try again.
    const rolesEnded = await deps.sessions.revokeAll({ by: 'person', value: personKeyOf(identity) });
    const ending = await deps.browserSessions.listOf(identity);
    const sessionsEnded = await deps.browserSessions.endAll(identity);
    await deps.tellApplications(ending);
    await recordAllowed(draft, { sessionsEnded, roleSessionsEnded: rolesEnded }, deps);
    return rolesEnded;
  });
  const note = { providerArn: identity.providerArn, roleSessionsEnded, roleSessionsLeft: 0 };
  showSignedOut(exchange.leave(), note, { atProvider: 'open', deps });
}

async function endBrowser(
  id: string,
  { session }: PersonExchange,
  { browserSessions, tellApplications }: PageDeps,
): Promise<void> {
  const own = await browserSessions.listOf(session.signIn.identity);
  const ending = own.filter((browser) => browser.id === id);
  if (ending.length === 0) throw notFound();
  await browserSessions.end(id);
  await tellApplications(ending);
}

async function endRoleSession(
  accessKeyId: string,
  { session }: PersonExchange,
  { sessions }: PageDeps,
): Promise<void> {
  const found = await sessions.find(accessKeyId);
  if (found?.person !== personKeyOf(session.signIn.identity)) throw notFound();
  await sessions.revoke(accessKeyId);
}

/** What is somebody else's looks as if it were not there. */
function notFound(): FederationError {
  return new FederationError('not-found', 'the person has no such session');
}
