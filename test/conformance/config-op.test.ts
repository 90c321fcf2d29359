import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { createPlan } from '../support/conformance-plan.ts';

// The module of `oidcc-config-certification-test-plan` in the OpenID conformance suite.
const { module, complete } = createPlan(['oidcc-discovery-endpoint-verification']);

const PUBLIC_URL = 'https://id.acme.example';
const texts = z.array(z.string()).min(1);
const metadataSchema = z.looseObject({
  issuer: z.string(),
  response_types_supported: texts,
  subject_types_supported: texts,
  id_token_signing_alg_values_supported: texts,
  grant_types_supported: texts,
  scopes_supported: texts,
  claims_supported: texts,
  code_challenge_methods_supported: texts,
  ui_locales_supported: texts.optional(),
  claims_locales_supported: texts.optional(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  userinfo_endpoint: z.string(),
  jwks_uri: z.string(),
});
const jwksSchema = z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())).min(1) });

// A load balancer takes TLS in front of it: the documents name its address, whatever ours is.
let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite({ extra: { publicUrl: PUBLIC_URL } });
});
afterAll(async () => {
  await site.stop();
});

function at(url: string): Promise<Response> {
  return fetch(url.replace(PUBLIC_URL, site.nodes[0]?.url ?? ''));
}

describe('oidcc-config-certification-test-plan', () => {
  module('oidcc-discovery-endpoint-verification', async () => {
    const response = await at(`${PUBLIC_URL}/.well-known/openid-configuration`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    const metadata = metadataSchema.parse(await response.json());
    expect(metadata.issuer).toBe(PUBLIC_URL);
    expect(metadata.response_types_supported).toContain('code');
    for (const type of metadata.subject_types_supported) expect(['public', 'pairwise']).toContain(type);
    expect(metadata.id_token_signing_alg_values_supported).toContain('RS256');
    expect(metadata.scopes_supported).toContain('openid');
    for (const scope of metadata.scopes_supported) expect(scope).toMatch(/^[!#-[\]-~]+$/);
    const locales = [...(metadata.ui_locales_supported ?? []), ...(metadata.claims_locales_supported ?? [])];
    expect(locales).toEqual(Intl.getCanonicalLocales(locales));
    for (const [name, value] of Object.entries(metadata))
      if (/_endpoint$|_uri$/.test(name)) expect(value, name).toMatch(/^https:\/\/id\.acme\.example\//);

    const { keys } = jwksSchema.parse(await (await at(metadata.jwks_uri)).json());
    for (const key of keys) {
      expect(key['kty']).toMatch(/^(?:RSA|EC|OKP)$/);
      expect(key['kid']).toBeTruthy();
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
        expect(key).not.toHaveProperty(secret);
      for (const name of ['n', 'e', 'x', 'y']) if (name in key) expect(key[name], name).toMatch(/^[\w-]+$/);
    }
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  });

  complete();
});

describe('beyond the plan', () => {
  it('says the same at the address of OAuth (RFC 8414 3)', async () => {
    const [one, two] = await Promise.all(
      ['openid-configuration', 'oauth-authorization-server'].map(async (name) => {
        const response = await at(`${PUBLIC_URL}/.well-known/${name}`);
        return { status: response.status, text: await response.text() };
      }),
    );
    expect(one).toEqual(two);
  });

  it('offers nothing of what certification would let it leave out and security would rather have gone', async () => {
    const metadata = metadataSchema.parse(
      await (await at(`${PUBLIC_URL}/.well-known/openid-configuration`)).json(),
    );
    expect(metadata.response_types_supported).toEqual(['code']);
    expect(metadata.code_challenge_methods_supported).toEqual(['S256']);
    expect(metadata).not.toHaveProperty('registration_endpoint');
    for (const grant of ['implicit', 'password']) expect(metadata.grant_types_supported).not.toContain(grant);
    for (const [name, algorithms] of Object.entries(metadata))
      if (name.endsWith('_alg_values_supported')) {
        expect(algorithms, name).not.toContain('none');
        expect(algorithms, name).not.toContainEqual(expect.stringMatching(/^HS/));
      }
  });
});
