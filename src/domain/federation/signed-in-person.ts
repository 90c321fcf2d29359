import { FederationError } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import type { SignInProvider } from '../identity/sign-in-provider.ts';
import { splitArn } from '../role/arn.ts';
import type { Role } from '../role/role.ts';
import { toAssumeRoleRequest } from './assume-role-with-saml.ts';
import {
  evaluateAssumeRole,
  type AssumeRoleEvaluation,
  type AssumeRoleRequest,
  type EvaluationDeps,
} from './assume-role.ts';
import type { Authorization } from './authorize.ts';
import { onTerms, type ExchangeTerms } from './exchange-terms.ts';
import type { RequestFacts } from './request-facts.ts';
import { sessionNameFrom } from './session-name.ts';
import type { ProvedSignIn } from './subject.ts';

/** Somebody who signed in with a browser, and the provider that vouches for them. */
export type SignedInPerson = {
  readonly identity: Identity | SamlIdentity;
  readonly provider: SignInProvider;
  readonly signIn: ProvedSignIn;
};

/** A role that a person would like to have, for how long. */
export type WantedRole = {
  readonly roleArn: string;
  readonly durationSeconds: number;
  /** Where it is wanted by a token exchange. */
  readonly terms?: ExchangeTerms;
};

export type PersonDeps = EvaluationDeps & {
  /** `always`: no role opens without a second factor, whatever its policy says. */
  readonly mfaRequired: 'always' | 'by-policy';
};

/** What the gate says to a person. `needs-mfa`: it would open with a second factor that is proved now. */
export type PersonAccess =
  | { readonly access: 'open' | 'needs-mfa'; readonly role: Role; readonly authorization: Authorization }
  | { readonly access: 'closed'; readonly authorization: Authorization };

/**
 * Asks the gate for a person, once as they are and, where it refuses, once with a second factor imagined; opens nothing.
 *
 * @throws FederationError where no policy is asked: `federation-denied` for roles that are none of the provider's, and what
 *   {@link toAssumeRoleRequest} and {@link evaluateAssumeRole} throw
 */
export function evaluateAsPerson(
  wanted: WantedRole,
  person: SignedInPerson,
  facts: RequestFacts,
  deps: PersonDeps,
): PersonAccess {
  const request = toPersonRequest(wanted, person);
  const { identity, signIn } = person;
  const ask = (proved: ProvedSignIn): AssumeRoleEvaluation =>
    evaluateAssumeRole(request, { identity, signIn: proved }, facts, deps);
  const real = ask(signIn);
  const { authorization } = real;
  if (!lacksMfa(signIn, deps) && isAllowed(real)) return { access: 'open', role: real.role, authorization };
  const imagined = ask({ ...signIn, mfaAuthenticatedAtMs: facts.timeMs });
  if (!isAllowed(imagined)) return { access: 'closed', authorization };
  return { access: 'needs-mfa', role: imagined.role, authorization };
}

/** Whether somebody gets nowhere without a second factor and has none. */
export function lacksMfa(
  { mfaAuthenticatedAtMs }: ProvedSignIn,
  { mfaRequired }: Pick<PersonDeps, 'mfaRequired'>,
): boolean {
  return mfaRequired === 'always' && mfaAuthenticatedAtMs === undefined;
}

/**
 * A person's wish as the same request to the gate that a tool with their token or assertion would make.
 *
 * @throws FederationError `federation-denied`, and what {@link toAssumeRoleRequest} throws
 */
export function toPersonRequest(wanted: WantedRole, person: SignedInPerson): AssumeRoleRequest {
  const request = withoutTerms(wanted, person);
  return wanted.terms ? onTerms(request, wanted.terms) : request;
}

function withoutTerms(
  { roleArn, durationSeconds }: WantedRole,
  { identity, provider: { kind, provider } }: SignedInPerson,
): AssumeRoleRequest {
  // A role takes the providers of its own account only, whatever a trust policy says of others, as in the STS API.
  if (splitArn(roleArn)?.account !== provider.account) throw denied('the role is of another account', kind);
  const wanted = { roleArn, durationSeconds, policyArns: [] };
  if (kind === 'oidc') return { ...wanted, ...webIdentityRequest(identity) };
  if (!('saml' in identity)) throw denied('the sign-in was not by SAML', kind);
  return toAssumeRoleRequest(wanted, { identity, provider }, { namedBy: 'assertion-or-subject' });
}

/** What a token says of the session that it opens, where the call says nothing. */
export function webIdentityRequest({
  subject,
  tags,
  transitiveTagKeys,
  sourceIdentity,
}: Identity): Omit<AssumeRoleRequest, 'roleArn' | 'policyArns'> {
  return {
    action: 'sts:AssumeRoleWithWebIdentity',
    // Policies may read it, so it is made of nothing that two subjects could share, as an e-mail address or a name.
    roleSessionName: sessionNameFrom(subject),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    transitiveTagKeys,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
  };
}

function isAllowed(
  evaluation: AssumeRoleEvaluation,
): evaluation is AssumeRoleEvaluation & { readonly role: Role } {
  return evaluation.role !== undefined && evaluation.authorization.decision.outcome === 'allow';
}

function denied(reason: string, kind: SignInProvider['kind']): FederationError {
  const action = kind === 'saml' ? 'sts:AssumeRoleWithSAML' : 'sts:AssumeRoleWithWebIdentity';
  return new FederationError('federation-denied', reason, { params: { action } });
}
