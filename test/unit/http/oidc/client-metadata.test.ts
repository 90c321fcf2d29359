import { expect, it } from 'vitest';
import type { Application } from '../../../../src/domain/application/application.ts';
import { Secret } from '../../../../src/domain/credentials/secret.ts';
import { clientMetadata } from '../../../../src/http/oidc/client-metadata.ts';
import { exchangePolicy, makeApplication } from '../../domain/federation/exchange-world.ts';

const INTERNAL = 'known-to-this-process-alone';
const metadata = (given: Partial<Application> = {}) =>
  clientMetadata(makeApplication('web', [], given), INTERNAL);

const proofs: readonly (readonly [string, Application['authentication'], object])[] = [
  [
    'its secret in the header',
    { kind: 'secret', method: 'basic', secret: new Secret('s') },
    { token_endpoint_auth_method: 'client_secret_basic', client_secret: 's' },
  ],
  [
    'its secret in the form',
    { kind: 'secret', method: 'post', secret: new Secret('s') },
    { token_endpoint_auth_method: 'client_secret_post', client_secret: 's' },
  ],
  [
    'its keys at an address',
    { kind: 'keys', keys: { uri: 'https://app.example/jwks' } },
    { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks' },
  ],
  [
    'its platform, with what this process knows alone',
    { kind: 'workload', policy: exchangePolicy({}) },
    { token_endpoint_auth_method: 'client_secret_post', client_secret: INTERNAL },
  ],
  ['nothing', { kind: 'public' }, { token_endpoint_auth_method: 'none' }],
];

it.each(proofs)('proves an application by %s, and in no other way', (_, authentication, expected) => {
  const { token_endpoint_auth_method, client_secret, jwks_uri, jwks } = metadata({ authentication });
  const all = { token_endpoint_auth_method, client_secret, jwks_uri, jwks };
  expect(JSON.parse(JSON.stringify(all))).toEqual(expected);
});

it('has the grants of the configuration alone, and codes only with their grant', () => {
  expect(metadata({ grants: ['client_credentials'] })).toMatchObject({
    grant_types: ['client_credentials'],
    response_types: [],
  });
  expect(metadata({ grants: ['authorization_code', 'token_exchange'] })).toMatchObject({
    grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    response_types: ['code'],
  });
});

it('holds each application to what is asked of it', () => {
  expect(metadata({ requirePushedRequests: true, requireDpop: true })).toMatchObject({
    require_pushed_authorization_requests: true,
    dpop_bound_access_tokens: true,
  });
  expect(metadata()).toMatchObject({
    require_pushed_authorization_requests: false,
    dpop_bound_access_tokens: false,
    response_modes: ['query', 'form_post'],
    subject_type: 'public',
  });
});

it('takes a loopback address at any port for native applications alone (RFC 8252 7.3)', () => {
  const typeOf = (uri: string) => metadata({ redirectUris: [uri] }).application_type;
  expect(typeOf('http://127.0.0.1/callback')).toBe('native');
  expect(typeOf('https://app.example/callback')).toBe('web');
});
