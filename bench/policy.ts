import { verify } from 'node:crypto';
import { parsePolicy, type Policy } from '../src/domain/policy/document.ts';
import { evaluatePolicies } from '../src/domain/policy/evaluate.ts';
import type { PolicyRequest } from '../src/domain/policy/request.ts';
import { githubClaims, ISSUER, type TokenIssuer } from './github-tokens.ts';
import { short, type Report } from './report.ts';
import { ACCOUNT, githubStatement, PROVIDER_ARN, ROLE_ARN } from './scenario.ts';
import { timeEach } from './timing.ts';

const RSA_TARGET = 0.1;
const SIZE_TARGET = 1.3;
const NAMING = 5;

/** Decisions over trust policies of growing size, against one RS256 verification. */
export function measurePolicy(issuer: TokenIssuer, report: Report): void {
  const request = requestOf(githubClaims());
  const tenNaming = trustPolicy(10, 10);
  const decision = (policy: Policy) => () => {
    decide(policy, request);
  };
  const [rsa = NaN, ten = NaN, tenOfFive = NaN, thousand = NaN, traced = NaN] = timeEach([
    verification(issuer),
    decision(tenNaming),
    decision(trustPolicy(10, NAMING)),
    decision(trustPolicy(1000, NAMING)),
    () => evaluatePolicies(request, { resource: tenNaming }).trace(),
  ]);
  report.section('Policy decision, GitHub claims, StringEquals and StringLike');
  report.figure({ name: 'one RS256 verification, node:crypto', measured: `${short(rsa)} µs` });
  ratio(report, {
    name: '10 statements that all name the action, of RS256',
    target: RSA_TARGET,
    cost: ten,
    of: rsa,
  });
  ratio(report, {
    name: '1,000 statements, 5 name the action, of 10 with 5',
    target: SIZE_TARGET,
    cost: thousand,
    of: tenOfFive,
  });
  ratio(report, {
    name: '1,000 statements, 5 name the action, of RS256',
    target: SIZE_TARGET,
    cost: thousand,
    of: rsa,
  });
  report.figure({ name: '10 statements with the whole trace', measured: `${short(traced)} µs` });
  for (const size of [1, 10, 100, 1000, 10_000]) growth(size, decision, report);
}

function decide(policy: Policy, request: PolicyRequest): void {
  if (evaluatePolicies(request, { resource: policy }).outcome !== 'allow') throw new Error('not allowed');
}

type Ratio = { readonly name: string; readonly target: number; readonly cost: number; readonly of: number };

function ratio(report: Report, { name, target, cost, of }: Ratio): void {
  const value = cost / of;
  report.figure({
    name,
    target: `≤ ${target}`,
    measured: `${short(value)} (${short(cost)} µs)`,
    met: value <= target,
  });
}

function growth(size: number, decision: (policy: Policy) => () => void, report: Report): void {
  const [all = NaN, few = NaN] = timeEach([
    decision(trustPolicy(size, size)),
    decision(trustPolicy(size, Math.min(size, NAMING))),
  ]);
  const measured = `${short(all)} µs where all name the action, ${short(few)} µs where ${Math.min(size, NAMING)} do`;
  report.figure({ name: `  ${size.toLocaleString('en')} statements`, measured });
}

function verification({ mint, publicKey }: TokenIssuer): () => void {
  const [header = '', payload = '', signature = ''] = mint().split('.');
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  return () => {
    if (!verify('sha256', signed, publicKey, bytes)) throw new Error('does not verify');
  };
}

/** `naming` statements about web identity, of which the last one allows; the others are about people who assume the role. */
function trustPolicy(size: number, naming: number): Policy {
  const Statement = Array.from({ length: size }, (_, index) => {
    if (index < size - naming) return chainingStatement(index);
    return githubStatement(index === size - 1 ? undefined : `repo:acme/other-${index}:*`);
  });
  return parsePolicy({ Version: '2012-10-17', Statement }, { kind: 'trust', name: 'bench' });
}

function chainingStatement(index: number): object {
  return {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/team-${index}` },
    Action: ['sts:AssumeRole', 'sts:TagSession'],
    Condition: { StringEquals: { 'aws:PrincipalTag/team': `team-${index}` } },
  };
}

function requestOf(claims: Readonly<Record<string, string | number>>): PolicyRequest {
  const prefix = ISSUER.slice('https://'.length);
  const keys = Object.entries(claims).map(([name, value]) => [`${prefix}:${name}`, String(value)] as const);
  return {
    principal: { type: 'web-identity', providerArn: PROVIDER_ARN },
    action: 'sts:AssumeRoleWithWebIdentity',
    resource: ROLE_ARN,
    resourceAccount: ACCOUNT,
    resourcePolicyMandatory: true,
    context: new Map(keys),
  };
}
