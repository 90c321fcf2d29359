import type { Application } from '../../domain/application/application.ts';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import { audited, recordAllowed } from '../../domain/federation/audited.ts';
import { permitWorkload } from '../../domain/federation/permit-workload.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';
import type { Identity } from '../../domain/identity/identity.ts';
import { type ClientProof, parseClientProof } from '../../protocols/oauth/client-assertion.ts';
import { oauthErrorCodeOf } from '../../protocols/oauth/errors.ts';

/** A request in which an application may prove who it is by the token of its platform. */
export type WorkloadCall = { readonly form: URLSearchParams; readonly facts: RequestFacts };

export type AuthenticateWorkloadDeps = FederationDeps & {
  /** Verifies a token against the providers of `account`. @throws FederationError of the proof */
  readonly verifyWebIdentity: (token: string, account: string, nowMs: number) => Promise<Identity>;
  /** SHA-256 of a proof, hex. */
  readonly hashProof: (proof: string) => string;
};

/**
 * The application that a client assertion of its platform proves; `undefined` where the form is of no such application, so
 * that the provider's own ways are to be tried.
 *
 * @throws FederationError `client-refused`, in the audit trail by then; `malformed-input`, `identity-provider-unreachable`,
 *   `store-unavailable`
 * @see RFC 7523 3
 */
export async function authenticateWorkload(
  { form, facts }: WorkloadCall,
  deps: AuthenticateWorkloadDeps,
): Promise<Application | undefined> {
  const proof = parseClientProof(form);
  const { clientId } = proof;
  const application = clientId === undefined ? undefined : deps.directory.application(clientId);
  if (clientId === undefined || !isForUs(proof, application)) return undefined;
  const draft = draftOf(clientId, proof, facts, deps);
  return audited(draft, deps, async () => {
    const proved = await prove(proof, application, draft, deps);
    await recordAllowed(draft, null, deps);
    return proved;
  });
}

/** Of an unknown client, too: it is refused here in the words in which a wrong token is. */
function isForUs({ assertion }: ClientProof, application: Application | undefined): boolean {
  if (application === undefined) return assertion !== undefined;
  return application.authentication.kind === 'workload';
}

async function prove(
  { assertion, hasSecret }: ClientProof,
  application: Application | undefined,
  draft: AuditDraft,
  deps: AuthenticateWorkloadDeps,
): Promise<Application> {
  if (application?.authentication.kind !== 'workload') throw refused('no such application');
  // Two proofs: of which one is the client's, it could not be said afterwards (RFC 6749 2.3).
  if (assertion === undefined || hasSecret) throw refused('not exactly one proof of who it is');
  draft.identity = await verify(assertion, application, draft, deps);
  permitWorkload(application, application.authentication.policy, draft.identity, draft, deps);
  return application;
}

/** The failures of a retry stay as they are: to be told that it is another client would make one give up. */
async function verify(
  assertion: string,
  { account }: Application,
  { facts }: AuditDraft,
  { verifyWebIdentity }: AuthenticateWorkloadDeps,
): Promise<Identity> {
  return verifyWebIdentity(assertion, account, facts.timeMs).catch((error: unknown) => {
    if (!(error instanceof FederationError) || !REFUSALS.includes(error.code)) throw error;
    throw refused(error.message, error);
  });
}

const REFUSALS = ['invalid-identity-token', 'expired-identity-token'];

function draftOf(
  clientId: string,
  { assertion }: ClientProof,
  facts: RequestFacts,
  { hashProof }: AuthenticateWorkloadDeps,
): AuditDraft {
  return {
    facts,
    eventSource: 'oidc.rolebridge',
    eventName: 'AuthenticateClient',
    errorCodeOf: oauthErrorCodeOf,
    // As it was sent: an unknown one may be anything.
    requestParameters: { clientId: clientId.slice(0, MAX_CLIENT_ID_CHARS) },
    ...(assertion === undefined ? {} : { tokenHash: hashProof(assertion) }),
  };
}

const MAX_CLIENT_ID_CHARS = 128;

function refused(reason: string, cause?: unknown): FederationError {
  return new FederationError('client-refused', reason, { cause });
}
