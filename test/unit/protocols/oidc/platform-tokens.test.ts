import { describe, expect, it } from 'vitest';
import { verifyIdToken } from '../../../../src/protocols/oidc/verify-id-token.ts';
import { keysOf, makeProvider, mint, NOW } from './issuer.ts';

const times = { iat: NOW, nbf: NOW - 300, exp: NOW + 300, jti: 'a1' };

async function keysFrom(claims: { iss: string; aud: unknown }) {
  const provider = makeProvider({ issuer: claims.iss, audiences: ['https://sts.example.com'] });
  const { identity } = await verifyIdToken(mint({ ...times, ...claims }), {
    providers: [provider],
    keysOf,
    nowMs: NOW * 1000,
  });
  const prefix = claims.iss.slice('https://'.length);
  return { identity, key: (name: string) => identity.conditionKeys.get(`${prefix}:${name}`) };
}

describe('tokens as platforms form them', () => {
  it('reads a GitHub Actions token', async () => {
    const { identity, key } = await keysFrom({
      iss: 'https://token.actions.githubusercontent.com',
      aud: 'https://sts.example.com',
      ...{
        sub: 'repo:acme/app:ref:refs/heads/main',
        repository: 'acme/app',
        repository_id: '74',
        actor_id: '12',
      },
      ...{
        job_workflow_ref: 'acme/app/.github/workflows/deploy.yml@refs/heads/main',
        environment: 'prod',
        run_attempt: '1',
      },
    });
    expect(identity.subject).toBe('repo:acme/app:ref:refs/heads/main');
    expect(key('repository_id')).toBe('74');
    expect(key('job_workflow_ref')).toBe('acme/app/.github/workflows/deploy.yml@refs/heads/main');
  });

  it('reads a GitLab token', async () => {
    const { key } = await keysFrom({
      iss: 'https://gitlab.com',
      aud: 'https://sts.example.com',
      ...{
        sub: 'project_path:acme/app:ref_type:branch:ref:main',
        project_path: 'acme/app',
        ref_protected: 'true',
      },
      ...{ user_identities: [{ provider: 'saml', extern_uid: '1' }], groups_direct: ['acme', 'acme/ops'] },
    });
    expect(key('project_path')).toBe('acme/app');
    expect(key('groups_direct')).toEqual(['acme', 'acme/ops']);
    expect(key('user_identities')).toBeUndefined();
  });

  it('reads a projected Kubernetes service account token', async () => {
    const { identity, key } = await keysFrom({
      iss: 'https://oidc.eks.us-east-1.example.com/id/EXAMPLE',
      aud: ['https://sts.example.com'],
      ...{ sub: 'system:serviceaccount:shop:web' },
      ...{
        'kubernetes.io': {
          namespace: 'shop',
          pod: { name: 'web-0', uid: 'u1' },
          serviceaccount: { name: 'web', uid: 'u2' },
        },
      },
    });
    expect(identity.audience).toBe('https://sts.example.com');
    expect(key('kubernetes.io.namespace')).toBe('shop');
    expect(key('kubernetes.io.serviceaccount.name')).toBe('web');
  });
});
