import type { ClaimSource } from '../application/mapped-claims.ts';
import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { publicSubjectOf } from '../identity/person.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import { splitArn } from '../role/arn.ts';
import type { Directory } from '../role/directory.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Session } from '../session/session.ts';
import type { OwnToken } from '../token/own-token.ts';
import type { Caller } from './caller.ts';
import type { ExchangeOrigin, ExchangeSubject } from './exchange-subject.ts';
import type { ProvedSignIn, Subject } from './subject.ts';

/** Somebody who can be acted for, as gate and claims see them. */
export type Party = {
  /** For the gate: the proof behind them, or their credentials. */
  readonly subject: Subject;
  /** `sub` in tokens of ours. */
  readonly publicSubject: string;
  /** When what was brought ends, without any clock skew; epoch milliseconds. */
  readonly endsAtMs: number;
  /** What was brought, where it is a token of ours. */
  readonly token?: OwnToken;
  readonly session?: BrowserSession;
  /** What claims are mapped from. */
  readonly source: ClaimSource;
  /** What a token for them has to be remembered with; absent where it leads to a sign-in. */
  readonly origin?: ExchangeOrigin;
};

/**
 * Who is behind a token that was brought.
 *
 * @throws FederationError `invalid-identity-token` for those who cannot be acted for: applications, callers that are no role,
 *   and people whose provider is gone
 */
export function partyOf(brought: ExchangeSubject, directory: Directory): Party {
  switch (brought.kind) {
    case 'proof': {
      const { identity } = brought;
      return {
        ...identified(identity, directory),
        endsAtMs: endOfProof(identity, directory),
        origin: brought,
      };
    }
    case 'exchanged': {
      const { identity, token } = brought;
      const { expiresAtMs: endsAtMs } = token;
      const origin = { kind: 'proof', identity } as const;
      const party = identified(identity, directory);
      return { ...party, subject: { identity, wasExchanged: true }, endsAtMs, token, origin };
    }
    case 'sign-in':
      return signedIn(brought, directory);
    case 'role-session':
      return withCredentials(brought.caller, brought.token);
    case 'application':
      throw unusable('a token that an application has for itself');
  }
}

type Identified = Pick<Party, 'subject' | 'publicSubject' | 'source'>;

function identified(identity: Identity | SamlIdentity, directory: Directory): Identified {
  if (!directory.hasProvider(identity.providerArn)) throw unusable('its provider is gone');
  return { subject: { identity }, publicSubject: publicSubjectOf(identity), source: identity };
}

function signedIn(
  { session, token }: Extract<ExchangeSubject, { kind: 'sign-in' }>,
  directory: Directory,
): Party {
  const { identity } = session.signIn;
  return {
    ...identified(identity, directory),
    subject: { identity, signIn: provedSignIn(session) },
    endsAtMs: Math.min(token.expiresAtMs, session.endsAtMs),
    token,
    session,
  };
}

/** What the gate needs to know of a browser session. */
export function provedSignIn({ signInId, mfa }: BrowserSession): ProvedSignIn {
  return { signInId, ...(mfa && { mfaAuthenticatedAtMs: mfa.authenticatedAtMs }) };
}

function withCredentials(caller: Caller, token: OwnToken | undefined): Party {
  // Users have no token that could be brought, and what they hand out is not theirs to exchange (wire-spec 5).
  if (caller.kind !== 'assumed-role') throw unusable('credentials of no role');
  const { session, role } = caller;
  return {
    subject: { caller },
    publicSubject: role.arn,
    endsAtMs: Math.min(session.expiresAtMs, token?.expiresAtMs ?? Infinity),
    ...(token && { token }),
    source: sourceOf(session),
    origin: { kind: 'role-session', accessKeyId: session.accessKeyId },
  };
}

/** The proof that a chain of roles began with, as far as its sessions remember it. */
function sourceOf({ providerArn = '', claims, tags }: Session): ClaimSource {
  const [type = '', ...name] = (splitArn(providerArn)?.resource ?? '').split('/');
  return {
    kind: type === 'saml-provider' ? 'saml' : 'web-identity',
    issuer: `https://${name.join('/')}`,
    conditionKeys: new Map(Object.entries(claims)),
    tags,
  };
}

function endOfProof({ kind, providerArn, expiresAtMs }: Identity, directory: Directory): number {
  const account = splitArn(providerArn)?.account ?? '';
  const provider =
    kind === 'saml'
      ? directory.samlProvider(providerArn)
      : directory.oidcProviders(account).find(({ arn }) => arn === providerArn);
  // Verifiers forgive clocks that differ. What is made of a proof must not live on that.
  return expiresAtMs - (provider?.clockSkewSeconds ?? 0) * 1000;
}

function unusable(reason: string): FederationError {
  return new FederationError('invalid-identity-token', reason);
}
