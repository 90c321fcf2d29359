import { createRemoteJWKSet, jwtVerify } from 'jose';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startIssuer, type Issuer } from '../../demo/issuer.ts';

const discovery = z.object({
  issuer: z.string(),
  jwks_uri: z.string(),
  id_token_signing_alg_values_supported: z.array(z.string()),
});

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer({ port: 0 });
});
afterAll(async () => {
  await issuer.close();
});

async function tokenOf(platform: string, query = '') {
  const answer = await fetch(`${issuer.url}/${platform}/.well-known/openid-configuration`);
  const document = discovery.parse(await answer.json());
  expect(document.issuer).toBe(`${issuer.url}/${platform}`);
  const token = await (await fetch(`${document.issuer}/token?${query}`)).text();
  const keys = createRemoteJWKSet(new URL(document.jwks_uri));
  return jwtVerify(token, keys, { issuer: document.issuer, algorithms: ['RS256'] });
}

/** Sends the target as it is; fetch would tidy it up. */
function statusOf(path: string, { host, method = 'GET' }: { host?: string; method?: string } = {}) {
  const { port } = new URL(issuer.url);
  const headers = { host: host ?? new URL(issuer.url).host };
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}

describe("the demo's issuers", () => {
  it('sign GitHub tokens that another verifier accepts, with the claims that GitHub sends', async () => {
    const { payload } = await tokenOf('github', 'repository=acme/app&ref=refs/heads/main&audience=someone');
    expect(payload).toMatchObject({
      aud: 'someone',
      sub: 'repo:acme/app:ref:refs/heads/main',
      ref_type: 'branch',
    });
    expect(Object.keys(payload).length).toBeGreaterThanOrEqual(28);
  });

  it.each([
    ['sub_form=new', 'repo:acme@1001/app@2001:ref:refs/heads/main'],
    ['event_name=pull_request', 'repo:acme/app:pull_request'],
    ['environment=production', 'repo:acme/app:environment:production'],
    ['environment=production&sub_form=new', 'repo:acme@1001/app@2001:environment:production'],
  ])('form the subject of %s as GitHub does', async (query, subject) => {
    expect((await tokenOf('github', query)).payload.sub).toBe(subject);
  });

  it('sign GitLab and Kubernetes tokens', async () => {
    const { payload: gitlab } = await tokenOf('gitlab', 'project_path=acme/web/shop&ref_type=tag&ref=v1');
    expect(gitlab.sub).toBe('project_path:acme/web/shop:ref_type:tag:ref:v1');
    expect(gitlab['namespace_path']).toBe('acme/web');
    const { payload: pod } = await tokenOf('kubernetes', 'namespace=shop&service_account=web');
    expect(pod.aud).toEqual(['rolebridge']);
    expect(pod.sub).toBe('system:serviceaccount:shop:web');
    expect(pod['kubernetes.io']).toMatchObject({ namespace: 'shop', serviceaccount: { name: 'web' } });
  });

  it('never sign with the key of another platform', async () => {
    const gitlab = createRemoteJWKSet(new URL(`${issuer.url}/gitlab/oauth/discovery/keys`));
    const token = await (await fetch(`${issuer.url}/github/token`)).text();
    await expect(jwtVerify(token, gitlab)).rejects.toThrow('no applicable key found');
  });

  it.each([
    ['/github/token?repo=acme/app', 400],
    ['/github/token?__proto__=1', 400],
    ['/github/token?ref=a&ref=b', 400],
    ['/github/token?sub_form=other', 400],
    ['/github/token?repository=acme%2Fapp%00', 400],
    [`/github/token?actor=${'a'.repeat(201)}`, 400],
    ['/github/token?expires_in=86401', 400],
    ['/github/token?expires_in=1e3', 400],
    ['/bitbucket/token', 404],
    ['/constructor/token', 404],
    ['/github/other', 404],
    ['/', 404],
    ['//', 404],
    ['http://[', 400],
  ])('answer %s with %i', async (path, status) => {
    expect(await statusOf(path)).toBe(status);
  });

  it('give nothing to a page whose name was bound anew to this machine, and take no POST', async () => {
    expect(await statusOf('/github/token', { host: 'evil.example' })).toBe(403);
    expect(await statusOf('/github/token', { method: 'POST' })).toBe(405);
  });
});
