import { timingSafeEqual } from 'node:crypto';
import { claimedExpiryOf } from '../credentials/credentials.ts';
import { FederationError } from '../errors.ts';
import type { Directory } from '../role/directory.ts';
import type { Session } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { Caller } from './caller.ts';
import { sealContextOf, tokenHashOf } from './issue-session.ts';

/** What a signature claims: a key, and for temporary credentials a token. */
export type SignatureClaim = { readonly accessKeyId: string; readonly sessionToken?: string };

/** A caller whose signature is still to be verified with `secretAccessKey`. */
export type Claimant = { readonly caller: Caller; readonly secretAccessKey: string };

export type AuthenticateDeps = {
  readonly directory: Directory;
  readonly sessions: Pick<SessionStore, 'find'>;
  /** Opens what `FederationDeps.seal` sealed; throws for anything else. */
  readonly openSecret: (sealed: Uint8Array, context: string) => string;
};

const ISSUED = /^ASIA[A-Z2-7]{16}$/;

/**
 * Finds whom a signature claims to be, and binds the token to the key: before the signature is looked at, as AWS does
 * (wire-spec 1.3). Fails closed for keys of roles and users that are gone.
 *
 * @throws FederationError `unknown-credentials`, `expired-credentials`
 */
export async function findClaimant(
  claim: SignatureClaim,
  nowMs: number,
  deps: AuthenticateDeps,
): Promise<Claimant> {
  const longTerm = deps.directory.accessKey(claim.accessKeyId);
  if (longTerm) {
    const { user, key } = longTerm;
    if (key.status !== 'Active' || claim.sessionToken !== undefined)
      throw unknown('inactive key, or key with a token');
    return {
      caller: { kind: 'user', accessKeyId: key.id, user },
      secretAccessKey: key.secret.reveal(),
    };
  }
  if (claim.sessionToken === undefined) throw unknown('no such long-term key');
  // The id becomes a key of the store: only what we could have issued is looked up.
  if (!ISSUED.test(claim.accessKeyId)) throw unknown('not an access key id of ours');
  const session = await deps.sessions.find(claim.accessKeyId);
  if (!session) throw expiredOrUnknown(claim.sessionToken, nowMs);
  if (!timingSafeEqual(session.tokenHash, tokenHashOf(claim.sessionToken)))
    throw unknown('token of another session');
  if (session.expiresAtMs <= nowMs) throw new FederationError('expired-credentials', 'session expired');
  return {
    caller: callerOf(session, deps.directory),
    secretAccessKey: secretOf(session, deps),
  };
}

// Sealed by a key that has left the ring: new credentials help, and an error of ours would not tell so.
function secretOf({ sealedSecret, accessKeyId }: Session, { openSecret }: AuthenticateDeps): string {
  try {
    return openSecret(sealedSecret, sealContextOf(accessKeyId));
  } catch (cause) {
    throw new FederationError('unknown-credentials', 'the secret does not open', { cause });
  }
}

/**
 * Whom a session stands for. It lives only as long as the role or user that it was issued from, whatever took its name since.
 *
 * @throws FederationError `unknown-credentials`
 */
export function callerOf(session: Session, directory: Directory): Caller {
  if (session.kind === 'assumed-role') {
    const role = directory.role(session.issuerArn);
    if (role?.id !== session.issuerId) throw unknown('role is gone');
    return { kind: session.kind, session, role };
  }
  const user = directory.user(session.issuerArn);
  if (user?.id !== session.issuerId) throw unknown('user is gone');
  return { kind: session.kind, session, user };
}

// The store forgets what has expired; the client still deserves the answer that makes it fetch new credentials.
function expiredOrUnknown(sessionToken: string, nowMs: number): FederationError {
  const expiry = claimedExpiryOf(sessionToken);
  if (expiry !== undefined && expiry <= nowMs)
    return new FederationError('expired-credentials', 'session expired');
  return unknown('no such session');
}

function unknown(message: string): FederationError {
  return new FederationError('unknown-credentials', message);
}
