import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { AuditRecord } from '../../src/domain/audit/audit-event.ts';
import { BASE32 } from '../../src/domain/session/bucket.ts';
import { uniqueId } from '../../src/domain/role/unique-id.ts';
import type { Session } from '../../src/domain/session/session.ts';

export const PROVIDER = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';

/** A session as a GitHub Actions job gets it, with all the claims of its token; what a test cares about is given. */
export function sampleSession(given: Partial<Session> = {}): Session {
  const run = String(randomInt(10_000_000_000, 19_999_999_999));
  const subject = `repo:octo-org/service-${randomInt(1000)}:ref:refs/heads/main`;
  const issuedAtMs = Date.now();
  const issuerArn = 'arn:aws:iam::123456789012:role/ci/deploy-service';
  const issuerId = uniqueId('AROA', issuerArn);
  return {
    accessKeyId: sampleAccessKeyId(),
    tokenHash: randomBytes(32),
    sealedSecret: randomBytes(74),
    kind: 'assumed-role',
    account: '123456789012',
    principalArn: `arn:aws:sts::123456789012:assumed-role/deploy-service/gha-${run}`,
    userId: `${issuerId}:gha-${run}`,
    issuerArn,
    issuerId,
    issuedAtMs,
    expiresAtMs: issuedAtMs + 3_600_000,
    signInExpiresAtMs: issuedAtMs + 3_600_000,
    person: `${PROVIDER} ${subject}`,
    providerArn: PROVIDER,
    tags: {},
    transitiveTagKeys: [],
    sessionPolicies: [],
    claims: githubClaims(subject, run),
    ...given,
  };
}

/** `ASIA` and 16 random characters, the last one as given. */
export function sampleAccessKeyId(last = BASE32.charAt(randomInt(32))): string {
  const middle = Array.from({ length: 15 }, () => BASE32.charAt(randomInt(32))).join('');
  return `ASIA${middle}${last}`;
}

export function sampleAudit(given: Partial<AuditRecord> = {}): AuditRecord {
  const event = JSON.stringify({ eventVersion: '1.11', eventID: randomUUID() });
  return { timeMs: Date.now(), outcome: 'allowed', event, ...given };
}

/** Every claim that GitHub's documentation lists for a job without an environment, with values of a usual length. */
function githubClaims(sub: string, runId: string): Record<string, string> {
  const repository = sub.slice('repo:'.length, sub.indexOf(':ref:'));
  const sha = randomBytes(20).toString('hex');
  const workflow = `${repository}/.github/workflows/deploy.yml@refs/heads/main`;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    jti: randomUUID(),
    ...{ sub, aud: 'https://sts.acme.example', ref: 'refs/heads/main', sha, repository },
    ...{ repository_owner: 'octo-org', repository_owner_id: '9919123', run_id: runId, run_number: '1482' },
    ...{ run_attempt: '1', repository_visibility: 'private', repository_id: String(randomInt(1e9)) },
    ...{ actor_id: String(randomInt(1e8)), actor: 'octocat', workflow: 'Deploy to production', head_ref: '' },
    ...{ base_ref: '', event_name: 'push', ref_protected: 'true', ref_type: 'branch' },
    ...{ workflow_ref: workflow, workflow_sha: sha, job_workflow_ref: workflow, job_workflow_sha: sha },
    ...{ runner_environment: 'github-hosted', iss: 'https://token.actions.githubusercontent.com' },
    ...{ nbf: String(now - 300), exp: String(now + 600), iat: String(now) },
  };
  const prefix = 'token.actions.githubusercontent.com:';
  return Object.fromEntries(Object.entries(claims).map(([name, value]) => [prefix + name, value]));
}
