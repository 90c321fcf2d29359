import { hash, timingSafeEqual } from 'node:crypto';
import type { Application } from '../../domain/application/application.ts';
import { FederationError } from '../../domain/errors.ts';
import { type AuthenticateDeps, findClaimant } from '../../domain/federation/authenticate.ts';
import type { ExchangeSubject } from '../../domain/federation/exchange-subject.ts';
import { type OwnTokenDeps, subjectOfOwnToken } from '../../domain/federation/own-token-subject.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import type { SamlIdentity } from '../../domain/identity/saml-identity.ts';
import type { OwnToken } from '../../domain/token/own-token.ts';
import type { PresentedToken } from './parse-exchange.ts';

/** Whose providers count, and when. */
type VerifyAt = { readonly account: string; readonly nowMs: number };

/** A JWT whose signature was checked; of a provider's its audience and times, too. */
type VerifiedJwt =
  | { readonly kind: 'own'; readonly token: OwnToken }
  | { readonly kind: 'proof'; readonly identity: Identity };

/** All verifiers throw FederationError of the proof; `identity-provider-unreachable` and `store-unavailable` for a retry. */
export type SubjectTokenDeps = OwnTokenDeps &
  AuthenticateDeps & {
    /** A JWT of ours, or of a provider of the account. */
    readonly verifyJwt: (token: string, at: VerifyAt) => Promise<VerifiedJwt>;
    /** A SAML assertion or response of a provider of the account, in base64. */
    readonly verifySamlToken: (token: string, at: VerifyAt) => Promise<SamlIdentity>;
    /** The token of ours that is no JWT but a name in the store. */
    readonly findOpaqueToken: (token: string) => Promise<OwnToken | undefined>;
  };

export type BroughtToken = VerifyAt & {
  readonly presented: PresentedToken;
  /** Who brings it. */
  readonly client: Application;
};

/**
 * Verifies a subject or actor token, and finds who stands behind it now.
 *
 * @throws FederationError `invalid-identity-token`, `expired-identity-token`, `unknown-credentials`, `expired-credentials`,
 *   `client-unauthorized`, `identity-provider-unreachable`, `store-unavailable`
 * @see RFC 8693 2.1, 4.1
 */
export async function verifySubjectToken(
  brought: BroughtToken,
  deps: SubjectTokenDeps,
): Promise<ExchangeSubject> {
  const { presented, nowMs } = brought;
  switch (presented.type) {
    case 'saml2':
      return { kind: 'proof', identity: await deps.verifySamlToken(presented.token, brought) };
    case 'aws4':
      return roleSessionOf(presented.token, nowMs, deps);
    case 'access-token':
    case 'id-token':
    case 'jwt':
      return tokenSubject(brought, deps);
  }
}

async function tokenSubject(brought: BroughtToken, deps: SubjectTokenDeps): Promise<ExchangeSubject> {
  const { presented, nowMs } = brought;
  const verified = await verifyToken(brought, deps);
  // Providers write all kinds of tokens as JWTs, and their audiences say which are for us.
  if (verified.kind === 'proof') {
    requireHolder({ isKeyBound: namesKey(verified.identity) }, brought.client);
    return verified;
  }
  const { token } = verified;
  if (presented.type !== 'jwt' && presented.type !== token.kind) throw refused('another kind than declared');
  requireHolder(token, brought.client);
  return subjectOfOwnToken(token, nowMs, deps);
}

async function verifyToken(
  { presented: { type, token }, ...at }: BroughtToken,
  deps: SubjectTokenDeps,
): Promise<VerifiedJwt> {
  if (type !== 'access-token' || token.includes('.')) return deps.verifyJwt(token, at);
  const found = await deps.findOpaqueToken(token);
  if (found === undefined) throw refused('no such token');
  return { kind: 'own', token: found };
}

/** A public client proves nothing of itself, so that a stolen token would leave the key behind that it is bound to. */
function requireHolder({ isKeyBound }: Pick<OwnToken, 'isKeyBound'>, { authentication }: Application): void {
  if (isKeyBound !== true || authentication.kind !== 'public') return;
  throw new FederationError('client-unauthorized', 'a token bound to a key, brought by a public client');
}

/** @see RFC 7800 3.1 */
function namesKey({ conditionKeys }: Identity): boolean {
  return [...conditionKeys.keys()].some((key) => /:cnf\./i.test(key));
}

/** The secret is part of it: who saw a signed request has the session's token, and may not become the session. */
async function roleSessionOf(token: string, nowMs: number, deps: SubjectTokenDeps): Promise<ExchangeSubject> {
  const [accessKeyId = '', secret = '', sessionToken = '', ...rest] = token.split(':', 4);
  if (accessKeyId === '' || secret === '' || sessionToken === '' || rest.length > 0)
    throw refused('not three parts');
  const { caller, secretAccessKey } = await findClaimant({ accessKeyId, sessionToken }, nowMs, deps);
  if (!isEqual(secret, secretAccessKey)) throw refused('the secret of another session');
  return { kind: 'role-session', caller };
}

/** Takes as long for every wrong text, whatever its length. */
function isEqual(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}

function refused(reason: string): FederationError {
  return new FederationError('invalid-identity-token', reason);
}
