import { createDirectory } from '../config/directory.ts';
import type { Config } from '../config/config.ts';
import {
  evaluateAssumeRole,
  type AssumeRoleEvaluation,
  type AssumeRoleRequest,
} from '../domain/federation/assume-role.ts';
import { toAssumeRoleRequest, type VerifiedSaml } from '../domain/federation/assume-role-with-saml.ts';
import type { RequestFacts } from '../domain/federation/request-facts.ts';
import { FederationError } from '../domain/errors.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { DecisionTrace } from '../domain/policy/decision.ts';
import { parsePolicyText } from '../domain/policy/document.ts';
import type { Role } from '../domain/role/role.ts';
import { packedPolicySize } from '../protocols/sts/packed-policy-size.ts';

/** Verifies as AssumeRoleWithSAML does. @throws FederationError of the proof */
export type Verify = (provider: SamlProvider) => Promise<VerifiedSaml>;

/** What one provider makes of a response. */
export type Acceptance =
  | { readonly provider: string; readonly accepted: false; readonly refusal: Refusal }
  | {
      readonly provider: string;
      readonly accepted: true;
      readonly subject: string;
      readonly conditionKeys: Readonly<Record<string, string | readonly string[]>>;
      readonly roles: readonly RoleAnswer[];
    };

/** The first rule that refuses; `told` is all that a caller gets to know. */
export type Refusal = { readonly code: string; readonly rule: string; readonly told?: string };

/** What one role makes of an accepted response. */
export type RoleAnswer = { readonly role: string } & (
  | { readonly opens: true; readonly session: string; readonly tags: Readonly<Record<string, string>> }
  | { readonly opens: false; readonly refusal: Refusal; readonly decision?: DecisionTrace }
);

/** Asks for a response what {@link Verify} and then the gate say for every role of the provider's account. */
export async function acceptanceOf(
  provider: SamlProvider,
  verify: Verify,
  nowMs: number,
  config: Config,
): Promise<Acceptance> {
  try {
    const verified = await verify(provider);
    const { identity } = verified;
    return {
      provider: provider.arn,
      accepted: true,
      subject: identity.subject,
      conditionKeys: Object.fromEntries(identity.conditionKeys),
      roles: rolesOf(verified, factsAt(nowMs, config), config),
    };
  } catch (error) {
    return { provider: provider.arn, accepted: false, refusal: refusalOf(error) };
  }
}

function rolesOf(verified: VerifiedSaml, facts: RequestFacts, config: Config): readonly RoleAnswer[] {
  const deps = {
    directory: createDirectory(config),
    // No session policy is passed here, so there is none to compile.
    parseInline: (text: string) => parsePolicyText(text, { kind: 'session', name: 'session policy' }),
    packedPolicySize,
  };
  const ask = (role: Role): RoleAnswer => {
    try {
      const request = toAssumeRoleRequest({ roleArn: role.arn, policyArns: [] }, verified);
      const { identity } = verified;
      return answerOf(role, request, evaluateAssumeRole(request, { identity }, facts, deps));
    } catch (error) {
      return { role: role.arn, opens: false, refusal: refusalOf(error) };
    }
  };
  return config.roles.filter(({ account }) => account === verified.provider.account).map(ask);
}

function answerOf(
  { arn }: Role,
  { roleSessionName }: AssumeRoleRequest,
  { authorization, contents }: AssumeRoleEvaluation,
): RoleAnswer {
  const { action, decision } = authorization;
  if (decision.outcome === 'allow')
    return { role: arn, opens: true, session: roleSessionName, tags: contents.tags };
  const refusal = { code: 'federation-denied', rule: `${action}: ${decision.reason}` };
  return { role: arn, opens: false, refusal, decision: decision.trace() };
}

/** A fault that is no refusal is nobody's to read as one. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof FederationError)) throw error;
  const { text } = error.params;
  return {
    code: error.code,
    rule: error.message,
    ...(text === undefined ? {} : { told: String(text) }),
  };
}

/** Where a request comes from is not known beforehand: conditions on it are asked as from this machine. */
function factsAt(timeMs: number, config: Config): RequestFacts {
  return {
    requestId: '',
    timeMs,
    sourceIp: '127.0.0.1',
    userAgent: 'rolebridge saml inspect',
    region: config.region,
    secureTransport: config.publicUrl.startsWith('https:'),
  };
}
