import type { Account, AccountClaims } from 'oidc-provider';
import type { Application } from '../../domain/application/application.ts';
import { mappedClaims } from '../../domain/application/mapped-claims.ts';
import { FederationError } from '../../domain/errors.ts';
import type { EvaluationDeps } from '../../domain/federation/assume-role.ts';
import { evaluateAsPerson, type SignedInPerson } from '../../domain/federation/signed-in-person.ts';
import type { People } from '../../domain/identity/people.ts';
import { isPublicSubject, publicSubjectOf, type Person, type Profile } from '../../domain/identity/person.ts';
import type { Directory } from '../../domain/role/directory.ts';
import type { BrowserSession } from '../../domain/session/browser-session.ts';
import { requireScope } from './provider-scope.ts';
import { findSignIn, type SessionAdapterDeps } from './session-adapter.ts';

/** What it takes to find somebody. */
export type KnownDeps = SessionAdapterDeps & {
  readonly directory: Pick<Directory, 'signInProvider'>;
  readonly people: Pick<People, 'findBySubject'>;
};

export type AccountDeps = KnownDeps &
  EvaluationDeps & {
    readonly directory: Directory;
    readonly mfaRequired: 'always' | 'by-policy';
  };

/** Somebody whom tokens are about: signed in, or, where their application may go on without them, known from before. */
type Known = { readonly profile: Profile; readonly providerArn: string; readonly session?: BrowserSession };

/** Finds people by `sub`. Nobody is found whose provider has left the configuration. */
export function createFindAccount(deps: AccountDeps) {
  return async (ctx: AskedByClient, sub: string, token?: Partial<Issued>): Promise<Account | undefined> => {
    const known = await findKnown(sub, token, deps);
    const application = deps.directory.application(ctx.oidc.client?.clientId ?? '');
    return known && application && accountOf(sub, { known, application }, deps);
  };
}

/** Of the library's context, what we look at. */
type AskedByClient = {
  readonly oidc: { readonly client?: { readonly clientId: string } | undefined };
};

/** Something that was issued: the sign-in that it came from, and when it was made (epoch seconds). */
type Issued = { readonly sessionUid?: string | undefined; readonly iat: number };

/** Whether somebody still stands behind what was issued to them. */
export async function isStillKnown(sub: string, issued: Issued, deps: KnownDeps): Promise<boolean> {
  return (await findKnown(sub, issued, deps)) !== undefined;
}

async function findKnown(
  sub: string,
  issued: Partial<Issued> | undefined,
  deps: KnownDeps,
): Promise<Known | undefined> {
  if (!isPublicSubject(sub)) return undefined;
  const session = await sessionOf(sub, issued?.sessionUid, deps);
  const known = session ? knownBy(session) : await findPerson(sub, issued?.iat, deps);
  return known && deps.directory.signInProvider(known.providerArn) ? known : undefined;
}

function knownBy(session: BrowserSession): Known {
  const { identity, profile } = session.signIn;
  return { profile, providerArn: identity.providerArn, session };
}

/** Who was removed and signs in again is somebody new, and what the one before them was given stays void. */
async function findPerson(
  sub: string,
  issuedAt: number | undefined,
  { people }: KnownDeps,
): Promise<Person | undefined> {
  const person = await people.findBySubject(sub);
  if (person === undefined || issuedAt === undefined) return person;
  return issuedAt < Math.floor(person.firstSignInAtMs / 1000) ? undefined : person;
}

async function sessionOf(
  sub: string,
  signInId: string | undefined,
  deps: SessionAdapterDeps,
): Promise<BrowserSession | undefined> {
  const { session } = requireScope();
  if (session !== undefined && publicSubjectOf(session.signIn.identity) === sub) return session;
  return signInId === undefined ? undefined : findSignIn(sub, signInId, deps);
}

type About = { readonly known: Known; readonly application: Application };

function accountOf(accountId: string, about: About, deps: AccountDeps): Account {
  return {
    accountId,
    // The library leaves out what the scopes and the request do not open.
    claims: (use, scope, requested) => {
      const wantsRoles = scope.split(' ').includes('roles') || 'roles' in requested;
      return { ...claimsOf(accountId, about, use), ...(wantsRoles ? rolesOf(about, deps) : {}) };
    },
  };
}

function claimsOf(sub: string, { known, application }: About, use: string): AccountClaims {
  const { displayName, email } = known.profile;
  const { session } = known;
  return {
    ...(displayName === undefined ? {} : { name: displayName }),
    ...(email === undefined ? {} : { email }),
    ...(session && mappedClaims(application.claims, session.signIn.identity)),
    // In ID tokens: by it the token leads back to the sign-in (OpenID Connect Back-Channel Logout 2.1).
    ...(session && use === 'id_token' ? { sid: session.signInId } : {}),
    sub,
  };
}

const HOUR_SECONDS = 3600;

/** The roles that are open to the person now, of those that the application is told of. */
function rolesOf(
  { known: { session }, application }: About,
  deps: AccountDeps,
): { readonly roles?: string[] } {
  if (session === undefined) return {};
  const { identity } = session.signIn;
  const provider = deps.directory.signInProvider(identity.providerArn);
  if (provider === undefined) return {};
  const signIn = {
    signInId: session.signInId,
    ...(session.mfa && { mfaAuthenticatedAtMs: session.mfa.authenticatedAtMs }),
  };
  const person = { identity, provider, signIn };
  return { roles: application.roleClaims.filter((roleArn) => isOpen(roleArn, person, deps)) };
}

function isOpen(roleArn: string, person: SignedInPerson, deps: AccountDeps): boolean {
  const longest = deps.directory.role(roleArn)?.maxSessionDurationSeconds ?? HOUR_SECONDS;
  const wanted = { roleArn, durationSeconds: Math.min(HOUR_SECONDS, longest) };
  try {
    return evaluateAsPerson(wanted, person, requireScope().facts, deps).access === 'open';
  } catch (error) {
    if (error instanceof FederationError) return false;
    throw error;
  }
}
