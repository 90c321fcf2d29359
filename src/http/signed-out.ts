import { personKeyOf, type PersonId } from '../domain/identity/person.ts';
import type { SessionStore } from '../domain/session/session-store.ts';
import { readCookie, setCookie, type CookieKind } from './middleware/cookies.ts';
import type { Pages } from './page-data.ts';
import type { PageDeps, PageExchange } from './page-exchange.ts';

/** What the page after a sign-out tells, kept in the browser while it is at its provider to sign out there, too. */
export type SignOutNote = {
  /** What the provider must bring back for its sign-out to count as done; nothing that anything opens. */
  readonly state: string;
  readonly providerArn: string;
  readonly roleSessionsEnded: number;
  readonly roleSessionsLeft: number;
};

/** `cross`: a SAML provider answers by a form of its own. */
const COOKIE: CookieKind = { name: 'signed-out', site: 'cross', maxAgeSeconds: 600 };
const NOTE = /^([\w-]{43})\.(\d{1,6})\.(\d{1,6})\.([\w%.~!*'()-]{1,600})$/;
const MAX_COUNTED = 1000;

/** How many role sessions of a person live; more than a thousand are a thousand. */
export async function countRoleSessions(person: PersonId, sessions: SessionStore): Promise<number> {
  const query = { by: 'person', value: personKeyOf(person) } as const;
  return (await sessions.list(query, { limit: MAX_COUNTED })).sessions.length;
}

export function noteSignOut({ ctx, facts }: PageExchange, note: SignOutNote): void {
  const { state, roleSessionsEnded, roleSessionsLeft, providerArn } = note;
  const ended = Math.min(roleSessionsEnded, 999_999);
  const value = `${state}.${ended}.${roleSessionsLeft}.${encodeURIComponent(providerArn)}`;
  setCookie(ctx, COOKIE, value, facts);
}

/** The note that this browser brings. */
export function readSignOutNote({ ctx, facts }: PageExchange): SignOutNote | undefined {
  const value = readCookie(ctx, COOKIE, facts);
  const [, state, ended, left, arn]: readonly (string | undefined)[] = NOTE.exec(value ?? '') ?? [];
  if (state === undefined || arn === undefined) return undefined;
  const providerArn = decodeName(arn);
  return { state, providerArn, roleSessionsEnded: Number(ended), roleSessionsLeft: Number(left) };
}

/** Says what has ended, and what has not. */
export function showSignedOut(
  { show }: PageExchange,
  { providerArn, roleSessionsEnded, roleSessionsLeft }: Omit<SignOutNote, 'state'>,
  {
    deps,
    ...atProvider
  }: Pick<Pages['signed-out'], 'atProvider' | 'logoutUrl'> & { readonly deps: Pick<PageDeps, 'directory'> },
): void {
  const provider = displayNameOf(providerArn, deps);
  show('signed-out', { provider, roleSessionsEnded, roleSessionsLeft, ...atProvider });
}

/** What people call a provider; one that is not configured any more is named by its ARN. */
export function displayNameOf(providerArn: string, { directory }: Pick<PageDeps, 'directory'>): string {
  return directory.signInProvider(providerArn)?.provider.signIn.displayName ?? providerArn;
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
