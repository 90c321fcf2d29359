import { describe, expect, it } from 'vitest';
import { evaluatePolicies } from '../../../../src/domain/policy/evaluate.ts';
import { policiesOf, readPolicyCases, requestOf } from './policy-case.ts';

const suites = [
  { file: 'policy.json', clause: 'wire-spec 6.1 to 6.3, 6.5', resourceKind: 'resource' },
  { file: 'conditions.json', clause: 'wire-spec 6.4', resourceKind: 'resource' },
  { file: 'trust.json', clause: 'wire-spec 6.6', resourceKind: 'trust' },
] as const;

describe.each(suites)('decides the cases of $file ($clause)', ({ file, resourceKind }) => {
  it.each(readPolicyCases(file))('$id $expect: $why', (policyCase) => {
    const request = requestOf(policyCase);
    const decision = evaluatePolicies(request, policiesOf(policyCase, { resourceKind }));
    expect(decision.outcome).toBe(policyCase.expect);
    // The trace is made by another walk over the policies: the two must tell one story.
    const trace = decision.trace();
    const matched = trace.policies
      .flatMap((policy) => policy.statements)
      .filter((statement) => statement.matched);
    expect(matched.some(({ effect }) => effect === 'Deny')).toBe(policyCase.expect === 'explicitDeny');
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
  });
});
