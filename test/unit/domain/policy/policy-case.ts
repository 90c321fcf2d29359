import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parsePolicy, type Policy, type PolicyKind } from '../../../../src/domain/policy/document.ts';
import type { PolicySets } from '../../../../src/domain/policy/evaluate.ts';
import { createRequestContext } from '../../../../src/domain/policy/request-context.ts';
import type { PolicyRequest, Principal } from '../../../../src/domain/policy/request.ts';

const withAccount = { arn: z.string(), account: z.string(), userid: z.string() };
const principal = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('user'), ...withAccount }),
  z.strictObject({ type: z.literal('root'), ...withAccount }),
  z.strictObject({ type: z.literal('assumed-role'), roleArn: z.string(), ...withAccount }),
  z.strictObject({ type: z.literal('federated-user'), userArn: z.string(), ...withAccount }),
  z.strictObject({ type: z.enum(['web-identity', 'saml']), provider: z.string() }),
  z.strictObject({ type: z.literal('service'), service: z.string() }),
  z.strictObject({ type: z.literal('anonymous') }),
]);
const request = z.strictObject({
  principal,
  action: z.string(),
  resource: z.string(),
  resourceAccount: z.string().optional(),
  context: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  resourcePolicyMandatory: z.boolean().optional(),
  principalInManagementAccount: z.boolean().optional(),
  resourceInManagementAccount: z.boolean().optional(),
});
const levels = z.array(z.array(z.unknown())).optional();
const policies = z.strictObject({
  identity: z.array(z.unknown()).optional(),
  boundary: z.unknown().optional(),
  session: z.array(z.unknown()).optional(),
  resource: z.unknown().optional(),
  scps: levels,
  rcps: levels,
});
const policyCase = z.object({
  id: z.string(),
  why: z.string(),
  request,
  policies,
  expect: z.enum(['allow', 'explicitDeny', 'implicitDeny']),
});
export type PolicyCase = z.infer<typeof policyCase>;

const malformedCase = z.object({
  id: z.string(),
  why: z.string(),
  kind: z.string(),
  raw: z.string().optional(),
  document: z.unknown().optional(),
  confidence: z.string(),
  expect: z.object({ status: z.number(), code: z.string().optional(), message: z.string().nullish() }),
});

const cases = new URL('../../../cases/', import.meta.url);

function readCases(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, cases), 'utf8'));
}

export function readPolicyCases(name: string): readonly PolicyCase[] {
  return z.array(policyCase).parse(readCases(name));
}

export function readMalformedCases(): readonly z.infer<typeof malformedCase>[] {
  return z.array(malformedCase).parse(readCases('malformed.json'));
}

/** The request of a case as the engine takes it. */
export function requestOf({ request: { principal: who, context, ...rest } }: PolicyCase): PolicyRequest {
  return {
    ...withoutUndefined(rest),
    action: rest.action,
    resource: rest.resource,
    principal: principalOf(who),
    context: createRequestContext(Object.entries(context)),
  };
}

/** The policies of a case, compiled; a case's `session` list is one layer. */
export function policiesOf(
  { policies: sets }: PolicyCase,
  { resourceKind }: { resourceKind: PolicyKind },
): PolicySets {
  const parse = (kind: PolicyKind) => (value: unknown, index: number) =>
    parsePolicy(value, { kind, name: `${kind}-${index}` });
  const levelsOf = (kind: PolicyKind, list: readonly (readonly unknown[])[] | undefined) =>
    list?.map((level) => level.map(parse(kind)));
  const scps = levelsOf('scp', sets.scps);
  const rcps = levelsOf('rcp', sets.rcps);
  return {
    ...(sets.identity && { identity: sets.identity.map(parse('identity')) }),
    ...(sets.boundary !== undefined && { boundary: parse('identity')(sets.boundary, 0) }),
    ...(sets.session && { session: sessionLayers(sets.session.map(parse('session'))) }),
    ...(sets.resource !== undefined && { resource: parse(resourceKind)(sets.resource, 0) }),
    ...(scps && { scps }),
    ...(rcps && { rcps }),
  };
}

function sessionLayers(documents: readonly Policy[]): readonly (readonly Policy[])[] {
  return documents.length === 0 ? [] : [documents];
}

function principalOf(who: PolicyCase['request']['principal']): Principal {
  switch (who.type) {
    case 'user':
    case 'root':
      return { type: who.type, arn: who.arn, account: who.account, userId: who.userid };
    case 'assumed-role':
      return { type: who.type, arn: who.arn, roleArn: who.roleArn, account: who.account, userId: who.userid };
    case 'federated-user':
      return {
        type: who.type,
        arn: who.arn,
        parentArn: who.userArn,
        account: who.account,
        userId: who.userid,
      };
    case 'web-identity':
    case 'saml':
      return { type: who.type, providerArn: who.provider };
    case 'service':
    case 'anonymous':
      return who;
  }
}

function withoutUndefined({
  resourceAccount,
  resourcePolicyMandatory,
  principalInManagementAccount,
  resourceInManagementAccount,
}: Partial<PolicyCase['request']>) {
  return {
    ...(resourceAccount !== undefined && { resourceAccount }),
    ...(resourcePolicyMandatory !== undefined && { resourcePolicyMandatory }),
    ...(principalInManagementAccount !== undefined && { principalInManagementAccount }),
    ...(resourceInManagementAccount !== undefined && { resourceInManagementAccount }),
  };
}
