import { personKeyOf } from '../../domain/identity/person.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import type { Session } from '../../domain/session/session.ts';
import type { BrowserRow, RoleSessionRow } from '../page-data.ts';
import type { PageDeps, PersonExchange } from '../page-exchange.ts';
import { deviceNameOf } from '../device-name.ts';

const MAX_FOUND = 1000;
/** More would make a page that nobody reads; "end everything" ends the others, too. */
const MAX_SHOWN = 50;
const ENDED = /^\d{1,6}$/;

/** `GET /sessions`: where somebody is signed in, and which role sessions came of it. */
export async function showSessions(exchange: PersonExchange, deps: PageDeps): Promise<void> {
  const { ctx, session, show } = exchange;
  const { identity } = session.signIn;
  const query = { by: 'person', value: personKeyOf(identity) } as const;
  const [browsers, roles] = await Promise.all([
    deps.browserSessions.listOf(identity),
    deps.sessions.list(query, { limit: MAX_FOUND }),
  ]);
  const ended = new URLSearchParams(ctx.querystring).get('ended') ?? '';
  show('sessions', {
    browsers: browsers.map((browser) => browserRow(browser, session)).toSorted(currentThenLastSeen),
    roleSessions: roles.sessions
      .toSorted((one, other) => other.issuedAtMs - one.issuedAtMs)
      .slice(0, MAX_SHOWN)
      .map((role) => roleRow(role, session)),
    ...(ENDED.test(ended) ? { ended: Number(ended) } : {}),
  });
}

function browserRow(browser: BrowserSession, current: BrowserSession): BrowserRow {
  const { id, userAgent, sourceIp, startedAtMs, lastSeenAtMs, mfa } = browser;
  return {
    id,
    current: id === current.id,
    device: deviceNameOf(userAgent),
    sourceIp,
    startedAtMs,
    lastSeenAtMs,
    ...(mfa && { method: mfa.method }),
  };
}

function currentThenLastSeen(one: BrowserRow, other: BrowserRow): number {
  return Number(other.current) - Number(one.current) || other.lastSeenAtMs - one.lastSeenAtMs;
}

function roleRow(role: Session, { signInId }: BrowserSession): RoleSessionRow {
  const { accessKeyId, issuerArn: roleArn, issuedAtMs, expiresAtMs } = role;
  const roleName = roleArn.slice(roleArn.lastIndexOf('/') + 1);
  const origin = role.signInId === signInId ? 'this-browser' : 'other-browser';
  return {
    accessKeyId,
    roleArn,
    roleName,
    issuedAtMs,
    expiresAtMs,
    origin: role.signInId === undefined ? 'elsewhere' : origin,
  };
}
