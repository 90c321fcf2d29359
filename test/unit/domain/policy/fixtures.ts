import { parsePolicy, type Policy, type PolicyKind } from '../../../../src/domain/policy/document.ts';
import type { PolicySets } from '../../../../src/domain/policy/evaluate.ts';
import { evaluatePolicies } from '../../../../src/domain/policy/evaluate.ts';
import { createRequestContext } from '../../../../src/domain/policy/request-context.ts';
import type { ContextValue, PolicyRequest, Principal } from '../../../../src/domain/policy/request.ts';

export const ACCOUNT = '111122223333';

export const alice = {
  type: 'user',
  arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
  account: ACCOUNT,
  userId: 'AIDAEXAMPLEALICE00001',
} as const satisfies Principal;

export const devSession = {
  type: 'assumed-role',
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/dev/s1`,
  roleArn: `arn:aws:iam::${ACCOUNT}:role/dev`,
  account: ACCOUNT,
  userId: 'AROAEXAMPLEDEV0000001:s1',
} as const satisfies Principal;

export const bob = {
  type: 'federated-user',
  arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
  parentArn: `arn:aws:iam::${ACCOUNT}:user/alice`,
  account: ACCOUNT,
  userId: `${ACCOUNT}:bob`,
} as const satisfies Principal;

export const token = {
  type: 'web-identity',
  providerArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/idp.example.com`,
} as const satisfies Principal;

/** A policy of these statements, of the version that knows variables. */
export function policyOf(kind: PolicyKind, ...statements: readonly unknown[]): Policy {
  return parsePolicy({ Version: '2012-10-17', Statement: statements }, { kind, name: `a ${kind} policy` });
}

export const allowAll = { Effect: 'Allow', Action: '*', Resource: '*' };
export const denyAll = { Effect: 'Deny', Action: '*', Resource: '*' };

type RequestParts = Partial<Omit<PolicyRequest, 'context'>> & {
  readonly context?: Readonly<Record<string, ContextValue>>;
};

/** alice reads an object of her own account, unless told otherwise. */
export function requestOf({ context = {}, ...parts }: RequestParts = {}): PolicyRequest {
  return {
    principal: alice,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::data/report',
    resourceAccount: ACCOUNT,
    context: createRequestContext(Object.entries(context)),
    ...parts,
  };
}

export function outcomeOf(parts: RequestParts, policies: PolicySets): string {
  return evaluatePolicies(requestOf(parts), policies).outcome;
}

/** Whether an Allow with this condition lets the request through. */
export function allowsWith(condition: unknown, context: Readonly<Record<string, ContextValue>>): boolean {
  const identity = [policyOf('identity', { ...allowAll, Condition: condition })];
  return outcomeOf({ context }, { identity }) === 'allow';
}

/** Whether a Deny with this condition hits the request. */
export function deniesWith(condition: unknown, context: Readonly<Record<string, ContextValue>>): boolean {
  const identity = [policyOf('identity', allowAll, { ...denyAll, Condition: condition })];
  return outcomeOf({ context }, { identity }) === 'explicitDeny';
}
