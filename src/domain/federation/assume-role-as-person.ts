import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import { assumeRole, type AssumedRole } from './assume-role.ts';
import { sessionParameters } from './assume-role-with-saml.ts';
import type { FederationDeps } from './deps.ts';
import type { RequestFacts } from './request-facts.ts';
import {
  evaluateAsPerson,
  lacksMfa,
  toPersonRequest,
  type PersonDeps,
  type SignedInPerson,
  type WantedRole,
} from './signed-in-person.ts';

/** The beginning of the event: named as if a tool had brought the proof, with the sign-in beside it. */
export function personDraft(wanted: WantedRole, person: SignedInPerson, facts: RequestFacts): AuditDraft {
  const { identity, signIn } = person;
  const { roleArn, durationSeconds } = wanted;
  return {
    facts,
    eventName: identity.kind === 'saml' ? 'AssumeRoleWithSAML' : 'AssumeRoleWithWebIdentity',
    errorCodeOf: (code) => code,
    requestParameters: { roleArn, durationSeconds, signInId: signIn.signInId },
    roleArn,
    identity,
  };
}

/**
 * Opens a role for somebody who is signed in with a browser, by the same gate and with the same records as for a tool.
 *
 * @throws FederationError `mfa-required` where only a second factor is missing, or where everybody needs one: before anything
 *   is issued; `federation-denied`, for unknown roles too; and what {@link assumeRole} throws
 */
export async function assumeRoleAsPerson(
  wanted: WantedRole,
  person: SignedInPerson,
  draft: AuditDraft,
  deps: FederationDeps & PersonDeps,
): Promise<AssumedRole> {
  const { identity, signIn } = person;
  // The pages ask for it, too. A way around them must not be a way around this.
  if (lacksMfa(signIn, deps)) throw mfaRequired('everybody needs a second factor');
  const request = toPersonRequest(wanted, person);
  draft.requestParameters = { ...draft.requestParameters, ...sessionParameters(request) };
  const { access, authorization } = evaluateAsPerson(wanted, person, draft.facts, deps);
  if (access === 'needs-mfa') {
    draft.decision = authorization;
    throw mfaRequired('only a second factor is missing');
  }
  return assumeRole(request, { identity, signIn }, draft, deps);
}

function mfaRequired(reason: string): FederationError {
  return new FederationError('mfa-required', reason);
}
