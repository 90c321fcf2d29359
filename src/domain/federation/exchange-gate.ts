import type { Application } from '../application/application.ts';
import type { Service } from '../application/service.ts';
import { TOKEN_TYPES } from '../application/token-type.ts';
import type { AuditDraft } from '../audit/audit-draft.ts';
import { FederationError } from '../errors.ts';
import type { Actor } from '../token/own-token.ts';
import { principalOfIdentity } from './assume-role.ts';
import { authorize, type Authorization } from './authorize.ts';
import { policiesOf, principalOf } from './caller.ts';
import { createConditionContext, type RequestKeys } from './condition-context.ts';
import type { ExchangeDeps, ExchangeTokenRequest } from './exchange-request.ts';
import type { Party } from './exchange-party.ts';
import { lacksMfa } from './signed-in-person.ts';
import type { Subject } from './subject.ts';

type RolebridgeKeys = NonNullable<RequestKeys['rolebridge']>;

/** The condition keys of an exchange, for services' and for roles' policies alike. */
export function exchangeKeys(
  { client, subjectTokenType, target }: ExchangeTokenRequest,
  { act, scopes }: { readonly act?: Actor | undefined; readonly scopes: readonly string[] },
): RolebridgeKeys {
  return {
    clientId: client.clientId,
    subjectTokenType: TOKEN_TYPES[subjectTokenType],
    ...(target.kind === 'credentials' ? {} : { audience: target.audience }),
    ...(scopes.length > 0 ? { scopes } : {}),
    // Also of somebody who acts already: a policy that wants the subject alone must see them.
    ...(act ? { actorIssuer: act.iss, actorSubject: act.sub } : {}),
  };
}

/** What a token is asked for, and the condition keys of the request. */
export type PermitInput = { readonly of: Service | Application; readonly keys: RolebridgeKeys };

/**
 * Asks the gate whether somebody may have a token of a service or application.
 *
 * @throws FederationError `exchange-denied`; `mfa-required` where only a second factor is missing, or everybody needs one
 */
export function permitExchange(
  { subject }: Party,
  input: PermitInput,
  draft: AuditDraft,
  deps: ExchangeDeps,
): void {
  const signIn = 'identity' in subject ? subject.signIn : undefined;
  if (signIn && lacksMfa(signIn, deps)) throw mfaRequired('everybody needs a second factor');
  const authorization = ask(subject, input, draft, deps);
  draft.decision = authorization;
  if (authorization.decision.outcome === 'allow') return;
  // Asked only once it was refused: whoever gets through pays for one question.
  if (signIn) {
    const proved = { ...signIn, mfaAuthenticatedAtMs: draft.facts.timeMs };
    const imagined = ask({ ...subject, signIn: proved }, input, draft, deps);
    if (imagined.decision.outcome === 'allow') throw mfaRequired('only a second factor is missing');
  }
  throw new FederationError('exchange-denied', `${authorization.action} refused`);
}

function ask(
  subject: Subject,
  { of, keys }: PermitInput,
  { facts }: AuditDraft,
  deps: ExchangeDeps,
): Authorization {
  const { directory } = deps;
  const allKeys = { tags: {}, transitiveTagKeys: [], rolebridge: keys };
  return authorize(
    {
      principal: 'identity' in subject ? principalOfIdentity(subject.identity) : principalOf(subject.caller),
      policies: 'identity' in subject ? { identity: [] } : policiesOf(subject.caller, deps),
      actions: ['rolebridge:ExchangeToken'],
      resource: of.arn,
      resourcePolicy: of.exchangePolicy,
      trustMandatory: true,
      context: createConditionContext({ facts, keys: allKeys, subject, directory }),
    },
    directory,
  );
}

function mfaRequired(reason: string): FederationError {
  return new FederationError('mfa-required', reason);
}
