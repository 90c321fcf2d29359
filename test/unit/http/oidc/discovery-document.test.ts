import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createDirectory } from '../../../../src/config/directory.ts';
import { GRANT_TYPES } from '../../../../src/http/oidc/client-metadata.ts';
import { discoveryDocument, discoveryPartsOf } from '../../../../src/http/oidc/discovery-document.ts';
import { createInteractionPolicy } from '../../../../src/http/oidc/interaction-policy.ts';
import { providerConfiguration } from '../../../../src/http/oidc/provider-configuration.ts';
import { ProviderKey } from '../../../../src/http/oidc/provider-key.ts';
import { createProviderPages } from '../../../../src/http/oidc/provider-pages.ts';
import { createProviderPolicies } from '../../../../src/http/oidc/provider-policies.ts';

const NOTHING = {
  accounts: [],
  roles: [],
  users: [],
  oidcProviders: [],
  samlProviders: [],
  managedPolicies: new Map(),
  applications: [],
  services: [],
};

const PAIRS = [
  ['EdDSA', generateKeyPairSync('ed25519')],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
] as const;

async function libraryDocument(): Promise<Readonly<Record<string, unknown>>> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}`;
  const directory = createDirectory(NOTHING);
  const browserSessions = { findSignIn: () => Promise.resolve(undefined) };
  const people = { findBySubject: () => Promise.resolve(undefined) };
  const provider = new Provider(
    issuer,
    providerConfiguration({
      applications: [],
      keys: PAIRS.map(
        ([algorithm, { publicKey, privateKey }]) =>
          new ProviderKey({
            kid: algorithm,
            algorithm,
            publicKey,
            sign: (data) => Promise.resolve(sign(null, data, privateKey)),
          }),
      ),
      adapter: () => {
        throw new Error('discovery asks no storage');
      },
      workloadSecret: 'secret',
      findAccount: () => undefined,
      interactions: createInteractionPolicy('by-policy'),
      pages: createProviderPages({ directory }),
      policies: createProviderPolicies({ directory, browserSessions, people, absoluteMs: 1, now: () => 0 }),
      fetch: () => Promise.reject(new Error('discovery fetches nothing')),
      secureTransport: false,
    }),
  );
  provider.registerGrantType(GRANT_TYPES.token_exchange, () => Promise.resolve());
  const handle = provider.callback();
  server.on('request', (request, response) => void handle(request, response));
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  server.close();
  return z.record(z.string(), z.unknown()).parse(await answer.json());
}

/** Lists in the order of their values: which comes first says nothing. */
function ordered(document: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String).toSorted() : value,
    ]),
  );
}

/** What is true of the provider, too, and the library does not say. */
const MORE = [
  'backchannel_logout_session_supported',
  'backchannel_logout_supported',
  'introspection_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_signing_alg_values_supported',
  'prompt_values_supported',
  'require_pushed_authorization_requests',
  'revocation_endpoint_auth_methods_supported',
  'revocation_endpoint_auth_signing_alg_values_supported',
];

test('says of the provider what the library says, member by member (RFC 8414 2)', async () => {
  const {
    // `fragment` is refused to every application.
    response_modes_supported: modes,
    claims_supported: claims,
    ...theirs
  } = await libraryDocument();
  const publicUrl = String(theirs['issuer']);
  const ours = discoveryDocument(discoveryPartsOf({ ...NOTHING, publicUrl }));
  expect(ordered(ours)).toMatchObject(ordered(theirs));
  expect(
    Object.keys(ours)
      .filter((name) => !(name in theirs))
      .toSorted(),
  ).toEqual([...MORE, 'claims_supported', 'response_modes_supported'].toSorted());
  expect(modes).toEqual(['form_post', 'fragment', 'query']);
  expect(new Set(ours.claims_supported)).toEqual(
    new Set([...z.array(z.string()).parse(claims), 'aud', 'exp', 'iat']),
  );
});
