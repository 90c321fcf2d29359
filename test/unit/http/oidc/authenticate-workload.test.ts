import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDirectory } from '../../../../src/config/directory.ts';
import type { Application } from '../../../../src/domain/application/application.ts';
import { FederationError } from '../../../../src/domain/errors.ts';
import { parsePolicy } from '../../../../src/domain/policy/document.ts';
import {
  authenticateWorkload,
  type AuthenticateWorkloadDeps,
} from '../../../../src/http/oidc/authenticate-workload.ts';
import { oauthErrorOf } from '../../../../src/protocols/oauth/errors.ts';
import { verifyIdToken } from '../../../../src/protocols/oidc/verify-id-token.ts';
import { NOW_MS } from '../../../support/saml/identity-provider.ts';
import { makeClosedApplication } from '../../domain/federation/exchange-world.ts';
import {
  ACCOUNT,
  createPersonWorld,
  facts,
  OIDC_ARN,
  OTHER_ACCOUNT,
} from '../../domain/federation/person-world.ts';
import { keysOf, makeProvider, mintWith, NOW } from '../../protocols/oidc/issuer.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const policy = (condition: object, more: readonly object[] = []) => {
  const allow = {
    Effect: 'Allow',
    Principal: { Federated: OIDC_ARN },
    Action: 'rolebridge:AuthenticateClient',
    Condition: condition,
  };
  return parsePolicy(
    { Version: '2012-10-17', Statement: [allow, ...more] },
    { kind: 'client', name: 'client' },
  );
};
const MAIN = { StringEquals: { 'idp.example.com:sub': 'user-1' } };
const application = (clientId: string, authentication: Application['authentication']): Application => ({
  ...makeClosedApplication(clientId, []),
  authentication,
});
const workload = (clientId: string, of = policy(MAIN)) =>
  application(clientId, { kind: 'workload', policy: of });
const deny = {
  Effect: 'Deny',
  Principal: '*',
  Action: 'rolebridge:AuthenticateClient',
  Condition: { StringEquals: { 'rolebridge:ClientId': 'denied' } },
};
const applications = [
  workload('robot'),
  workload('bound', policy({ StringEquals: { 'rolebridge:ClientId': 'robot' } })),
  workload('denied', policy(MAIN, [deny])),
  { ...workload('elsewhere'), account: OTHER_ACCOUNT },
  application('keys', { kind: 'keys', keys: { jwks: [] } }),
  application('spa', { kind: 'public' }),
];

function createWorld() {
  const world = createPersonWorld([], { now: () => NOW_MS });
  const accounts = [ACCOUNT, OTHER_ACCOUNT].map((id) => ({
    id,
    guardrails: { isManagementAccount: false },
    outboundWebIdentityFederation: false,
  }));
  const oidcProviders = [makeProvider()];
  const none = { roles: [], users: [], samlProviders: [], services: [], managedPolicies: new Map() };
  const directory = createDirectory({ ...none, accounts, oidcProviders, applications });
  const deps: AuthenticateWorkloadDeps = {
    ...world.deps,
    directory,
    hashProof: (proof) => `hash of ${proof.length} characters`,
    verifyWebIdentity: async (token, account, nowMs) =>
      (await verifyIdToken(token, { providers: directory.oidcProviders(account), keysOf, nowMs })).identity,
  };
  return { ...world, deps };
}

type Form = Readonly<Record<string, string>>;
const assert = (clientId: string, assertion = mintWith({}), more: Form = {}): Form => ({
  client_id: clientId,
  client_assertion_type: JWT_BEARER,
  client_assertion: assertion,
  ...more,
});
function authenticate(form: Form, world = createWorld(), changes: Partial<AuthenticateWorkloadDeps> = {}) {
  const call = { form: new URLSearchParams(form), facts: { ...facts, timeMs: NOW_MS } };
  return authenticateWorkload(call, { ...world.deps, ...changes });
}

const event = z.looseObject({
  eventSource: z.literal('oidc.rolebridge'),
  eventName: z.literal('AuthenticateClient'),
  errorCode: z.string().optional(),
  requestParameters: z.object({ clientId: z.string() }),
  additionalEventData: z.looseObject({ outcome: z.string(), reference: z.string().optional() }),
});

/** What the client is told, and what the trail has of it. */
async function refusalOf(form: Form, changes: Partial<AuthenticateWorkloadDeps> = {}) {
  const world = createWorld();
  const error: unknown = await authenticate(form, world, changes).then(
    () => new Error('it was accepted'),
    (cause: unknown) => cause,
  );
  if (!(error instanceof FederationError)) throw error;
  const [line = '{}'] = world.events;
  expect(line).not.toContain(form['client_assertion']);
  const { status, body } = oauthErrorOf(error);
  const { additionalEventData, errorCode } = event.parse(JSON.parse(line));
  expect([errorCode, additionalEventData.reference]).toEqual([body['error'], body['reference']]);
  return {
    status,
    body: { ...body, reference: '' },
    reason: error.message,
    outcome: additionalEventData.outcome,
  };
}

describe('a workload', () => {
  it('is the application whose policy opens to its token (RFC 7523 3)', async () => {
    const world = createWorld();
    expect((await authenticate(assert('robot'), world))?.clientId).toBe('robot');
    const [line = ''] = world.events;
    expect(event.parse(JSON.parse(line))).toMatchObject({
      requestParameters: { clientId: 'robot' },
      additionalEventData: { outcome: 'allowed' },
    });
  });

  it.each<readonly [string, Form, RegExp]>([
    [
      'somebody else of the same provider',
      assert('robot', mintWith({ sub: 'user-2' })),
      /AuthenticateClient refused/,
    ],
    ['a policy that names another client id', assert('bound'), /AuthenticateClient refused/],
    ['a policy that denies', assert('denied'), /AuthenticateClient refused/],
    ['an expired token', assert('robot', mintWith({ exp: NOW - 61 })), /token expired/],
    ['a token for another audience', assert('robot', mintWith({ aud: 'other' })), /audience/],
    [
      'a token of an unknown issuer',
      assert('robot', mintWith({ iss: 'https://evil.example' })),
      /unknown issuer/,
    ],
    ['a token of another account’s provider', assert('elsewhere'), /unknown issuer/],
    ['no token at all', assert('robot', 'x'), /three parts/],
    [
      'a secret beside the token (RFC 6749 2.3)',
      assert('robot', mintWith({}), { client_secret: 'x' }),
      /exactly one/,
    ],
    ['an empty secret beside the token', assert('robot', mintWith({}), { client_secret: '' }), /exactly one/],
    ['a secret alone', { client_id: 'robot', client_secret: 'x' }, /exactly one/],
    ['nothing', { client_id: 'robot' }, /exactly one/],
    ['a client that there is not', assert('nobody'), /no such application/],
    ['a client id that is an essay', assert('x'.repeat(4000)), /no such application/],
  ])('is refused with %s', async (_, form, reason) => {
    const refusal = await refusalOf(form);
    expect(refusal).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(refusal.reason).toMatch(reason);
  });

  it('is told the same of a client that there is not as of one that it may not be', async () => {
    const [unknown, refused] = [await refusalOf(assert('nobody')), await refusalOf(assert('denied'))];
    expect(unknown.body).toEqual(refused.body);
  });

  it('has the decision in the trail where a policy refused', async () => {
    expect((await refusalOf(assert('denied'))).outcome).toBe('denied');
    expect((await refusalOf(assert('nobody'))).outcome).toBe('failed');
  });

  it('is told to come again where its provider cannot be reached', async () => {
    const failure = new FederationError('identity-provider-unreachable', 'no keys');
    const verifyWebIdentity = () => Promise.reject(failure);
    expect((await refusalOf(assert('robot'), { verifyWebIdentity })).status).toBe(503);
  });
});

describe('what is for the provider', () => {
  it.each<readonly [string, Form]>([
    ['an assertion of a client with keys of its own', assert('keys')],
    ['a public client', { client_id: 'spa' }],
    ['a client with a secret', { client_id: 'spa', client_secret: 'x' }],
    ['a client that there is not, without an assertion', { client_id: 'nobody' }],
    [
      'an assertion that alone names its client',
      { client_assertion_type: JWT_BEARER, client_assertion: 'x' },
    ],
    ['nothing', {}],
  ])('is %s', async (_, form) => {
    const world = createWorld();
    expect(await authenticate(form, world)).toBeUndefined();
    expect(world.events).toEqual([]);
  });
});

describe('a form that is not as RFC 7523 2.2 has it', () => {
  const typeless = { client_id: 'robot', client_assertion: mintWith({}) };
  const twice = new URLSearchParams([...Object.entries(assert('robot')), ['client_id', 'keys']]);
  it.each<readonly [string, URLSearchParams]>([
    ['no type', new URLSearchParams(typeless)],
    ['another type', new URLSearchParams(assert('robot', 'x', { client_assertion_type: `${JWT_BEARER}x` }))],
    [
      'a type without assertion',
      new URLSearchParams({ client_id: 'robot', client_assertion_type: JWT_BEARER }),
    ],
    ['two client ids', twice],
    ['an assertion of 20,001 characters', new URLSearchParams(assert('robot', 'x'.repeat(20_001)))],
  ])('is refused for %s', async (_, form) => {
    const world = createWorld();
    const call = { form, facts: { ...facts, timeMs: NOW_MS } };
    await expect(authenticateWorkload(call, world.deps)).rejects.toMatchObject({ code: 'malformed-input' });
    expect(world.events).toEqual([]);
  });
});
