import { createPublicKey, generateKeyPairSync, randomBytes, randomInt, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const ISSUER = 'https://token.actions.githubusercontent.com';
export const AUDIENCE = 'https://sts.acme.example';

/** An issuer of tokens that look like those of GitHub Actions. */
export type TokenIssuer = {
  readonly jwks: { readonly keys: readonly object[] };
  readonly publicKey: KeyObject;
  readonly mint: () => string;
};

const KEY_ID = 'bench';

export function createTokenIssuer(): TokenIssuer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' };
  return { jwks: { keys: [jwk] }, publicKey, mint: () => mint(privateKey) };
}

/** RFC 7515 7.1. */
function mint(key: KeyObject): string {
  const header = encode({ typ: 'JWT', alg: 'RS256', kid: KEY_ID });
  const signingInput = `${header}.${encode(githubClaims())}`;
  return `${signingInput}.${sign('sha256', Buffer.from(signingInput), key).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The claims that GitHub's documentation lists for a job without an environment; what differs between jobs differs here. */
export function githubClaims(): Readonly<Record<string, string | number>> {
  const repository = `acme/service-${randomInt(500)}`;
  const sha = randomBytes(20).toString('hex');
  const ref = 'refs/heads/main';
  const workflow = `${repository}/.github/workflows/deploy.yml@${ref}`;
  const now = Math.floor(Date.now() / 1000);
  return {
    ...{ jti: randomUUID(), sub: `repo:${repository}:ref:${ref}`, aud: AUDIENCE, ref, sha, repository },
    ...{ repository_owner: 'acme', repository_owner_id: '9919123', repository_id: String(randomInt(1e9)) },
    ...{ run_id: String(randomInt(1e10, 2e10)), run_number: String(randomInt(5000)), run_attempt: '1' },
    ...{ repository_visibility: 'private', actor_id: String(randomInt(1e8)), actor: 'octocat' },
    ...{ workflow: 'Deploy to production', head_ref: '', base_ref: '', event_name: 'push' },
    ...{ ref_protected: 'true', ref_type: 'branch', workflow_ref: workflow, workflow_sha: sha },
    ...{ job_workflow_ref: workflow, job_workflow_sha: sha, runner_environment: 'github-hosted' },
    ...{ iss: ISSUER, nbf: now - 300, exp: now + 7200, iat: now },
  };
}
