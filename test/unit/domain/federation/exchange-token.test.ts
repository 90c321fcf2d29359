import { describe, expect, it } from 'vitest';
import { publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import { sampleSession } from '../../../support/sample-session.ts';
import {
  bring,
  callerOf,
  createExchangeWorld,
  decode,
  exchange,
  exchangePolicy,
  ISSUER,
  issued,
  lastEvent,
  makeApplication,
  makeClosedApplication,
  makeClosedService,
  makeService,
  ofApplication,
  proof,
  refusal,
  SERVICES,
  SIGN_IN_ID,
  signedIn,
  tokenOf,
} from './exchange-world.ts';
import { ACCOUNT, arn, makeIdentity, makeRole, NOW_MS, SAML_ARN } from './person-world.ts';

const NOW = NOW_MS / 1000;
const ALICE = publicSubjectOf(makeIdentity());
const DEV = makeRole('dev', [{}]);

describe('an access token by exchange (RFC 8693 2)', () => {
  it('says of a proof what it was, under a subject of ours, as RFC 9068 2.2 has it', async () => {
    const world = createExchangeWorld();
    const token = issued(await exchange(world, { target: tokenOf('a', ['read', 'write', 'read']) }));
    const { header, claims } = decode(token);
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt' });
    expect(claims).toEqual({
      iss: ISSUER,
      sub: ALICE,
      aud: 'https://a.example.com',
      client_id: 'portal',
      iat: NOW,
      exp: NOW + 570,
      jti: claims['jti'],
      scope: 'read write',
      via: ['client-1'],
    });
    expect(token).toMatchObject({
      kind: 'access-token',
      expiresAtMs: NOW_MS + 570_000,
      scopes: ['read', 'write'],
    });
  });

  it('remembers the proof under its own name, sealed', async () => {
    const world = createExchangeWorld();
    const { claims } = decode(await exchange(world));
    expect(await world.find(String(claims['jti']))).toEqual({ kind: 'proof', identity: makeIdentity() });
    expect(await world.find('another')).toBeUndefined();
  });

  it('leads from a sign-in to the sign-in, with how and when it was, and remembers nothing else', async () => {
    const world = createExchangeWorld();
    const mfa = { authenticatedAtMs: NOW_MS - 5000, method: 'passkey' } as const;
    const { claims } = decode(
      await exchange(world, { subject: signedIn({}, { mfa }), target: tokenOf('b') }),
    );
    expect(claims).toMatchObject({
      sub: ALICE,
      sid: SIGN_IN_ID,
      auth_time: NOW - 5,
      acr: 'phr',
      amr: ['pop', 'user', 'mfa'],
      via: ['https://a.example.com'],
    });
    expect(claims).not.toHaveProperty('scope');
    expect(await world.find(String(claims['jti']))).toBeUndefined();
  });

  it('names the role, not the person, for credentials of a role', async () => {
    const a = makeService('a', {
      exchangePolicy: exchangePolicy({ Principal: { AWS: DEV.arn } }),
      claims: { who: 'sub', team: 'tags.team' },
    });
    const world = createExchangeWorld({ services: [a], roles: [DEV] });
    const caller = callerOf(DEV, { accessKeyId: 'ASIAAAAAAAAAAAAAAAAA', tags: { team: 'x' } });
    const { claims } = decode(await exchange(world, { subject: { kind: 'role-session', caller } }));
    expect(claims).toMatchObject({ sub: DEV.arn, who: 'alice', team: 'x', via: [DEV.arn] });
    expect(claims).not.toHaveProperty('sid');
    expect(await world.find(String(claims['jti']))).toEqual({
      kind: 'role-session',
      accessKeyId: 'ASIAAAAAAAAAAAAAAAAA',
    });
  });

  it('maps claims of the proof, none of which passes for a word of ours', async () => {
    const claims = {
      ...{ repo: 'repository', email: 'email', sub: 'email', aud: 'email', sid: 'email', act: 'email' },
      ...{ scope: 'email', client_id: 'email', acr: 'email', via: 'email', exp: 'email', cnf: 'email' },
    };
    const world = createExchangeWorld({ services: [makeService('a', { claims })] });
    const subject = proof(makeIdentity({ email: 'alice@example.com', repository: 'acme/shop' }));
    const { claims: found } = decode(await exchange(world, { subject }));
    expect(found).toMatchObject({ repo: 'acme/shop', email: 'alice@example.com', sub: ALICE });
    expect(Object.values(found).filter((value) => value === 'alice@example.com')).toHaveLength(1);
  });

  it('is recorded with hashes only, before it is handed out', async () => {
    const world = createExchangeWorld();
    const token = issued(await exchange(world, { target: tokenOf('a', ['read']), actor: ofApplication() }));
    const event = lastEvent(world);
    expect(event).toMatchObject({
      eventSource: 'oidc.rolebridge',
      eventName: 'ExchangeToken',
      userIdentity: { type: 'WebIdentityUser' },
      requestParameters: {
        clientId: 'portal',
        subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt',
        requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
        audience: 'https://a.example.com',
        scope: 'read',
        subjectTokenHash: 'cd'.repeat(32),
        actor: { iss: ISSUER, sub: 'portal' },
      },
      responseElements: {
        tokenHash: world.deps.hashProof(token.token),
        tokenId: decode(token).claims['jti'],
        subject: ALICE,
        scope: 'read',
      },
      additionalEventData: { outcome: 'allowed', decision: { action: 'rolebridge:ExchangeToken' } },
    });
    expect(JSON.stringify(world.events)).not.toContain(token.token.split('.')[1]);
  });

  it('is not handed out where its origin cannot be remembered, nor told of', async () => {
    const world = createExchangeWorld();
    const save = () => Promise.reject(new Error('store is down'));
    const broken = { ...world, deps: { ...world.deps, exchangedTokens: { save } } };
    await expect(exchange(broken)).rejects.toThrow('store is down');
    expect(world.events).toEqual([]);
  });

  it('of one that was exchanged is decided by all that the first proof said', async () => {
    const a = makeService('a');
    const onlyBob = { StringEquals: { 'idp.example.com:sub': 'bob' } };
    const b = makeService('b', { exchangePolicy: exchangePolicy({ Condition: onlyBob }) });
    const world = createExchangeWorld({ services: [a, b] });
    const subject = await bring(world, await exchange(world));
    expect(await refusal(world, { subject, target: tokenOf('b') })).toBe('exchange-denied');
    const bob = proof(makeIdentity({ sub: 'bob' }, { subject: 'bob' }));
    const ofBob = await bring(world, await exchange(world, { subject: bob }));
    const { claims } = decode(await exchange(world, { subject: ofBob, target: tokenOf('b') }));
    expect(claims).toMatchObject({
      via: ['client-1', 'https://a.example.com'],
      aud: 'https://b.example.com',
    });
  });
});

describe('an ID token by exchange', () => {
  const target = { kind: 'id-token', audience: 'b-app' } as const;

  it('is for an application whose policy allows it, and says who asked', async () => {
    const world = createExchangeWorld();
    const { header, claims } = decode(await exchange(world, { subject: signedIn(), target }));
    expect(header).toEqual({ alg: 'RS256', typ: 'JWT' });
    expect(claims).toMatchObject({
      ...{ iss: ISSUER, sub: ALICE, aud: 'b-app', azp: 'portal', sid: SIGN_IN_ID },
      acr: 'urn:rolebridge:acr:sign-in',
    });
    expect(claims).not.toHaveProperty('scope');
    expect(claims).not.toHaveProperty('client_id');
  });

  it('names nobody else where its application asked for it itself', async () => {
    const { claims } = decode(await exchange(createExchangeWorld(), { by: 'b-app', target }));
    expect(claims).not.toHaveProperty('azp');
  });

  it.each([
    ['an application without a policy', undefined],
    ['an application that allows others', exchangePolicy({ Principal: { Federated: SAML_ARN } })],
  ])('is refused for %s', async (_, policy) => {
    const plain = makeClosedApplication('b-app', SERVICES);
    const application = { ...plain, ...(policy && { exchangePolicy: policy }) };
    expect(await refusal(createExchangeWorld({ applications: [application] }), { target })).toBe(
      'exchange-denied',
    );
  });

  it('is refused for a client that does not exist', async () => {
    const unknown = { kind: 'id-token', audience: 'nobody' } as const;
    expect(await refusal(createExchangeWorld(), { target: unknown })).toBe('exchange-denied');
  });
});

describe('who may ask', () => {
  it('is no client without the grant', async () => {
    const plain = makeApplication('portal', SERVICES, { grants: ['authorization_code'] });
    expect(await refusal(createExchangeWorld({ applications: [plain] }))).toBe('client-unauthorized');
  });

  it('is nobody for an application: it is nobody to act for', async () => {
    expect(await refusal(createExchangeWorld(), { subject: ofApplication() })).toBe('invalid-identity-token');
  });

  it('is nobody for a person whose provider is gone', async () => {
    const gone = makeIdentity({}, { providerArn: DEV.arn });
    expect(await refusal(createExchangeWorld(), { subject: proof(gone) })).toBe('invalid-identity-token');
  });

  it.each(['session-token', 'federated-user'] as const)(
    'is nobody with credentials of kind %s',
    async (kind) => {
      const user = {
        arn: arn(`arn:aws:iam::${ACCOUNT}:user/u`),
        id: 'AIDAAAAAAAAAAAAAAAAAA',
        account: DEV.account,
        name: 'u',
        isRoot: false,
        accessKeys: [],
        identityPolicies: [],
        tags: {},
        mfaDevices: [],
      };
      const caller = { kind, session: sampleSession(), user };
      const subject = { kind: 'role-session', caller } as const;
      expect(await refusal(createExchangeWorld(), { subject })).toBe('invalid-identity-token');
    },
  );

  it('is who was given the token, or whom it was sent to', async () => {
    const world = createExchangeWorld();
    const target = tokenOf('b');
    await exchange(world, { by: 'portal', subject: signedIn(), target });
    await exchange(world, { by: 'a-app', subject: signedIn(), target });
    expect(await refusal(world, { by: 'c-app', subject: signedIn(), target })).toBe('client-unauthorized');
  });

  it('is of an ID token its audience, not who asked for it', async () => {
    const world = createExchangeWorld();
    const subject = signedIn({ kind: 'id-token', audience: ['b-app'], clientId: 'portal', scopes: [] });
    await exchange(world, { by: 'b-app', subject });
    expect(await refusal(world, { by: 'portal', subject })).toBe('client-unauthorized');
  });

  it('is nobody else for tokens that were exchanged from proofs and credentials', async () => {
    const services = [
      makeService('a', { exchangePolicy: exchangePolicy({}, { Principal: { AWS: DEV.arn } }) }),
    ];
    const world = createExchangeWorld({
      services,
      roles: [DEV],
      applications: [makeApplication('thief', services)],
    });
    const caller = callerOf(DEV);
    for (const subject of [proof(), { kind: 'role-session', caller } as const]) {
      const brought = await bring(world, await exchange(world, { subject }), undefined, caller);
      expect(await refusal(world, { by: 'thief', subject: brought })).toBe('client-unauthorized');
    }
  });
});

describe('what is asked for', () => {
  it.each([
    ['is no service', tokenOf('zz')],
    [
      'is no service by the name of an application',
      { kind: 'access-token', audience: 'b-app', scopes: [] } as const,
    ],
  ])('is refused where it %s', async (_, target) => {
    expect(await refusal(createExchangeWorld(), { target })).toBe('exchange-denied');
  });

  it('is refused for a service that the client does not list, as if there were none', async () => {
    const portal = makeApplication('portal', SERVICES.slice(1));
    const world = createExchangeWorld({ applications: [portal] });
    expect(await refusal(world, { target: tokenOf('a', ['no-such-scope']) })).toBe('exchange-denied');
  });

  it('is refused for a service without a policy', async () => {
    expect(await refusal(createExchangeWorld({ services: [makeClosedService('a')] }))).toBe(
      'exchange-denied',
    );
  });

  it('is refused for a scope that the service has not', async () => {
    expect(await refusal(createExchangeWorld(), { target: tokenOf('a', ['read', 'delete']) })).toBe(
      'scope-refused',
    );
  });

  it('is refused for a scope that the token has not where it stays at its audience', async () => {
    const world = createExchangeWorld();
    const subject = signedIn();
    expect(await refusal(world, { subject, target: tokenOf('a', ['admin']) })).toBe('scope-refused');
    expect(issued(await exchange(world, { subject, target: tokenOf('a', ['read']) })).scopes).toEqual([
      'read',
    ]);
    expect(issued(await exchange(world, { subject, target: tokenOf('a') })).scopes).toEqual([
      'read',
      'write',
    ]);
  });

  it('has no scope elsewhere that was not asked for', async () => {
    expect(
      issued(await exchange(createExchangeWorld(), { subject: signedIn(), target: tokenOf('b') })).scopes,
    ).toEqual([]);
  });

  it('is refused where claims make a token that nobody takes', async () => {
    const world = createExchangeWorld({ services: [makeService('a', { claims: { long: 'long' } })] });
    const subject = proof(makeIdentity({ long: 'x'.repeat(15_000) }));
    expect(await refusal(world, { subject })).toBe('token-payload-too-large');
  });
});
