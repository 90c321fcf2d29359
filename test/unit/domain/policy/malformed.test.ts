import { describe, expect, it } from 'vitest';
import {
  MalformedPolicyError,
  parsePolicy,
  parsePolicyText,
  type PolicyKind,
} from '../../../../src/domain/policy/document.ts';
import { lintTrustPolicy } from '../../../../src/domain/policy/lint-trust.ts';
import { readMalformedCases } from './policy-case.ts';

const account = 'arn:aws:iam::111122223333';
const world = {
  resourceArn: `${account}:role/target`,
  providers: [
    {
      arn: `${account}:oidc-provider/token.actions.githubusercontent.com`,
      issuer: 'https://token.actions.githubusercontent.com',
      kind: 'oidc',
    },
  ],
} as const;

const kinds: Readonly<Record<string, PolicyKind>> = {
  identity: 'identity',
  managed: 'managed',
  trust: 'trust',
  session: 'session',
  resource: 'resource',
};

/** The first thing that is wrong, by the parser or, as when a role is loaded, by the linter. */
function firstFault(
  kind: PolicyKind,
  source: { raw?: string | undefined; document?: unknown },
): string | undefined {
  const options = { kind, name: 'case' };
  try {
    const policy =
      source.raw === undefined ? parsePolicy(source.document, options) : parsePolicyText(source.raw, options);
    const findings = kind === 'trust' ? lintTrustPolicy(policy, world) : [];
    return findings.find(({ code }) => code === 'unpinned-shared-issuer')?.message;
  } catch (error) {
    if (error instanceof MalformedPolicyError) return error.faults[0]?.message;
    throw error;
  }
}

// LimitExceeded is CreatePolicy's answer to a quota, not a fault of the grammar: the parser has no quotas.
const isGrammar = ({ expect: { code } }: ReturnType<typeof readMalformedCases>[number]) =>
  code !== 'LimitExceeded';

describe('reads or refuses the documents of malformed.json (wire-spec 8.3)', () => {
  it.each(readMalformedCases().filter(isGrammar))(
    '$id: $why',
    ({ kind, raw, document, expect: expected }) => {
      const policyKind = kinds[kind];
      if (policyKind === undefined) throw new Error(`no such kind: ${kind}`);
      const message = firstFault(policyKind, { raw, document });
      if (expected.status === 200) expect(message).toBeUndefined();
      else expect(message).toEqual(expected.message ?? expect.any(String));
    },
  );
});
