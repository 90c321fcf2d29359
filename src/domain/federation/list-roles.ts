import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { Directory } from '../role/directory.ts';
import type { Role } from '../role/role.ts';
import { listedRoles } from './assume-role-with-saml.ts';
import type { RequestFacts } from './request-facts.ts';
import {
  evaluateAsPerson,
  type PersonAccess,
  type PersonDeps,
  type SignedInPerson,
} from './signed-in-person.ts';

/** A role that is open to a person, or would be with a second factor that is proved now. */
export type OpenRole = { readonly role: Role; readonly needsMfa: boolean };

/** The usual one, and the shortest for trust policies that limit `sts:DurationSeconds`. */
const LISTED_DURATIONS = [3600, 900];

/**
 * A person's roles, in no promised order: the gate's own answers, and nothing that it would refuse. Opens and records nothing.
 *
 * What conditions of other requests would say is not foreseen: a policy that reads the address answers for this request's.
 */
export function listRoles(
  person: SignedInPerson,
  facts: RequestFacts,
  deps: PersonDeps,
): readonly OpenRole[] {
  return candidatesOf(person, deps.directory).flatMap(({ arn }) => {
    const found = evaluateDurations({ roleArn: arn, durations: LISTED_DURATIONS }, { person, facts, deps });
    const best = found.find(({ access }) => access === 'open') ?? found[0];
    return best === undefined ? [] : [{ role: best.role, needsMfa: best.access === 'needs-mfa' }];
  });
}

export type FindRole = { readonly roleArn: string; readonly durations: readonly number[] };

/** One role, and for how long it opens. */
export type FoundRole = OpenRole & { readonly durations: readonly number[] };

/**
 * One role that is open to a person, or lacks only a second factor, and which of some durations (seconds) it opens for.
 *
 * @throws FederationError `federation-denied` for any other role, known or not; the draft then has the decision
 */
export function findRole(
  wanted: FindRole,
  person: SignedInPerson,
  draft: AuditDraft,
  deps: PersonDeps,
): FoundRole {
  const { facts } = draft;
  const found = evaluateDurations(wanted, { person, facts, deps, draft });
  const open = found.filter(({ access }) => access === 'open');
  const offered = open.length > 0 ? open : found;
  const [first] = offered;
  if (first === undefined) throw new FederationError('federation-denied', 'the role is not open');
  const { role, access } = first;
  return { role, needsMfa: access === 'needs-mfa', durations: offered.map(({ seconds }) => seconds) };
}

type Question = {
  readonly person: SignedInPerson;
  readonly facts: RequestFacts;
  readonly deps: PersonDeps;
  readonly draft?: AuditDraft;
};

type OpenFor = Exclude<PersonAccess, { access: 'closed' }> & { readonly seconds: number };

function evaluateDurations({ roleArn, durations }: FindRole, question: Question): readonly OpenFor[] {
  const limit = question.deps.directory.role(roleArn)?.maxSessionDurationSeconds ?? Infinity;
  return durations
    .filter((seconds) => seconds <= limit)
    .flatMap((seconds) => {
      const answer = ask({ roleArn, durationSeconds: seconds }, question);
      return answer === undefined || answer.access === 'closed' ? [] : [{ ...answer, seconds }];
    });
}

/** `undefined` where the proof opens no role, or not this one, before any policy is asked. */
function ask(
  wanted: { readonly roleArn: string; readonly durationSeconds: number },
  { person, facts, deps, draft }: Question,
): PersonAccess | undefined {
  try {
    const answer = evaluateAsPerson(wanted, person, facts, deps);
    if (draft) draft.decision ??= answer.authorization;
    return answer;
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}

// What an assertion lists is all that it can open: then nothing has to be searched.
function candidatesOf({ identity, provider }: SignedInPerson, directory: Directory): readonly Role[] {
  const listed =
    provider.kind === 'saml' && 'saml' in identity
      ? listedRoles({ identity, provider: provider.provider })
      : undefined;
  if (listed === undefined) return directory.candidateRoles(identity);
  return [...new Set(listed)].map((arn) => directory.role(arn)).filter((role) => role !== undefined);
}
