import { describe, expect, it } from 'vitest';
import type { AuditDraft } from '../../../../src/domain/audit/audit-draft.ts';
import {
  getWebIdentityToken,
  type WebIdentityToken,
} from '../../../../src/domain/federation/get-web-identity-token.ts';
import { parsePolicy } from '../../../../src/domain/policy/document.ts';
import { callerOf, createExchangeWorld } from './exchange-world.ts';
import { facts, makeRole } from './person-world.ts';

const allowed = parsePolicy(
  { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'sts:*', Resource: '*' } },
  { kind: 'identity', name: 'sts' },
);
const ROLE = { ...makeRole('dev', [{}]), identityPolicies: [allowed] };

async function ask(...audience: readonly string[]): Promise<WebIdentityToken> {
  const draft: AuditDraft = {
    facts,
    eventName: 'GetWebIdentityToken',
    errorCodeOf: (code) => code,
    requestParameters: {},
  };
  const request = { audience, signingAlgorithm: 'RS256', tags: [] } as const;
  return getWebIdentityToken(request, callerOf(ROLE), draft, createExchangeWorld({ roles: [ROLE] }).deps);
}

describe('a token for other services', () => {
  it('is for others', async () => {
    await expect(ask('https://vault.example.com')).resolves.toBeDefined();
  });

  it.each([
    ['an application of ours', ['portal']],
    ['a service of ours', ['https://a.example.com']],
    ['one of ours among others', ['https://vault.example.com', 'portal']],
  ])('is never for %s, which would take it for one of theirs', async (_, audience) => {
    await expect(ask(...audience)).rejects.toMatchObject({ code: 'invalid-parameter-value' });
  });
});
