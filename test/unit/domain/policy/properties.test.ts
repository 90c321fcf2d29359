import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluatePolicies, type PolicySets } from '../../../../src/domain/policy/evaluate.ts';
import type { Principal } from '../../../../src/domain/policy/request.ts';
import { alice, bob, denyAll, devSession, policyOf, requestOf, token } from './fixtures.ts';

const effect = fc.constantFrom('Allow', 'Allow', 'Deny');
const action = fc.constantFrom('*', 's3:*', 's3:GetObject', 's3:PutObject', 's3:Get?bject');
const resource = fc.constantFrom(
  '*',
  'arn:aws:s3:::data/*',
  'arn:aws:s3:::${aws:username}/*',
  'arn:aws:s3:::x',
);
const condition = fc.constantFrom(
  {},
  { StringEquals: { 'aws:RequestTag/a': '1' } },
  { StringNotEqualsIfExists: { 'aws:RequestTag/a': '1' } },
  { 'ForAnyValue:StringLike': { 'aws:TagKeys': 'a*' } },
  { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } },
  { ArnLike: { 'aws:PrincipalArn': '${aws:RequestTag/a}' } },
  { Null: { 'aws:TagKeys': true } },
);
const elements = { Effect: effect, Condition: condition };
const statement = fc.oneof(
  fc.record({ ...elements, Action: action, Resource: resource }),
  fc.record({ ...elements, NotAction: action, NotResource: resource }),
);
const statements = fc.array(statement, { minLength: 1, maxLength: 4 });
const document = statements.map((list) => policyOf('session', ...list));
const documents = fc.array(document, { maxLength: 2 });
const layers = fc.array(fc.array(document, { minLength: 1, maxLength: 2 }), { maxLength: 2 });
const principals = fc.constantFrom<unknown>(
  { Federated: token.providerArn },
  '*',
  { AWS: alice.arn },
  { AWS: '111122223333' },
  { AWS: devSession.arn },
);
const granting = fc
  .tuple(principals, statements)
  .map(([Principal, list]) => policyOf('resource', ...list.map((item) => ({ ...item, Principal }))));

const request = fc
  .record({
    principal: fc.constantFrom<Principal>(alice, bob, devSession, token),
    action: fc.constantFrom('s3:GetObject', 's3:PutObject'),
    resourceAccount: fc.constantFrom('111122223333', '444455556666'),
    context: fc.record(
      { 'aws:RequestTag/a': fc.constantFrom('1', '2'), 'aws:TagKeys': fc.subarray(['a', 'ab', 'b']) },
      { requiredKeys: [] },
    ),
  })
  .map((parts) => requestOf(parts));

const rcps = statements.map((list) => [
  [policyOf('rcp', ...list.map((item) => ({ ...item, Principal: '*' })))],
]);

const sets: fc.Arbitrary<PolicySets> = fc
  .record(
    { identity: documents, session: layers, resource: granting, scps: layers, rcps, boundary: document },
    { requiredKeys: ['identity'] },
  )
  .filter(({ session, scps }) => session?.length !== 0 && scps?.length !== 0);

function allows(...[question, policies]: Parameters<typeof evaluatePolicies>): boolean {
  return evaluatePolicies(question, policies).outcome === 'allow';
}

describe('what always holds of a decision (wire-spec 6.1)', () => {
  it('an explicit deny wins in whichever set it stands', () => {
    const denying = policyOf('session', denyAll);
    const inControlPolicy = (policies: PolicySets) => ({
      ...policies,
      scps: [[denying], ...(policies.scps ?? [])],
    });
    const deniesIn: readonly ((policies: PolicySets) => PolicySets)[] = [
      (policies) => ({ ...policies, identity: [...(policies.identity ?? []), denying] }),
      (policies) => ({ ...policies, boundary: denying }),
      (policies) => ({ ...policies, session: [...(policies.session ?? []), [denying]] }),
      inControlPolicy,
      (policies) => ({ ...policies, rcps: [[policyOf('rcp', { ...denyAll, Principal: '*' })]] }),
      (policies) => ({ ...policies, resource: policyOf('resource', { ...denyAll, Principal: '*' }) }),
    ];
    fc.assert(
      fc.property(request, sets, fc.constantFrom(...deniesIn), (question, policies, withDeny) => {
        // A token has no account whose control policies could bind it.
        fc.pre(question.principal.type !== 'web-identity' || withDeny !== inControlPolicy);
        expect(evaluatePolicies(question, withDeny(policies)).outcome).toBe('explicitDeny');
      }),
      { numRuns: 400 },
    );
  });

  it('a permissions boundary never widens', () => {
    fc.assert(
      fc.property(request, sets, (question, { boundary, ...policies }) => {
        if (boundary && allows(question, { ...policies, boundary }))
          expect(allows(question, policies)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it('a child session never allows what its parent does not: one more layer never widens', () => {
    fc.assert(
      fc.property(request, sets, fc.array(document, { maxLength: 2 }), (question, policies, layer) => {
        // GetFederationToken's first policy opens; only what is added to a session narrows.
        fc.pre(question.principal.type !== 'federated-user' || policies.session !== undefined);
        const child = { ...policies, session: [...(policies.session ?? []), layer] };
        if (allows(question, child)) expect(allows(question, policies)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it('a level of control policies never widens', () => {
    fc.assert(
      fc.property(request, sets, document, (question, policies, level) => {
        const limited = { ...policies, scps: [...(policies.scps ?? []), [level]] };
        if (allows(question, limited)) expect(allows(question, policies)).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  it('the order of statements never matters', () => {
    const shuffled = statements.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(request, shuffled, (question, [first, second]) => {
        const outcome = (list: readonly unknown[]) =>
          evaluatePolicies(question, {
            identity: [policyOf('identity', ...list)],
            session: [[policyOf('session', ...list)]],
          }).outcome;
        expect(outcome(first)).toBe(outcome(second));
      }),
      { numRuns: 400 },
    );
  });

  it('the trace, which walks the policies a second time, tells the same story', () => {
    fc.assert(
      fc.property(request, sets, (question, policies) => {
        const { outcome, decidedBy, trace } = evaluatePolicies(question, policies);
        const matched = trace().policies.flatMap(({ set, policy, statements: list }) =>
          list
            .filter((item) => item.matched)
            .map(({ effect, index }) => ({ effect, set, policy, statement: index })),
        );
        expect(matched.some((item) => item.effect === 'Deny')).toBe(outcome === 'explicitDeny');
        if (decidedBy) expect(matched).toContainEqual(expect.objectContaining(decidedBy));
        for (const set of ['scp', 'rcp'] as const) {
          const binds = outcome === 'allow' && trace().policies.some((policy) => policy.set === set);
          if (binds) expect(matched.some((item) => item.set === set)).toBe(true);
        }
      }),
      { numRuns: 600 },
    );
  });
});
