import { describe, expect, it } from 'vitest';
import type { ExchangeSubject } from '../../../../src/domain/federation/exchange-subject.ts';
import { publicSubjectOf } from '../../../../src/domain/identity/person.ts';
import type { Actor } from '../../../../src/domain/token/own-token.ts';
import {
  bring,
  callerOf,
  createExchangeWorld,
  decode,
  exchange,
  exchangePolicy,
  issued,
  ISSUER,
  makeApplication,
  makeBrowserSession,
  makeOwnToken,
  makeService,
  ofApplication,
  proof,
  refusal,
  SERVICES,
  signedIn,
  tokenOf,
  worldWith,
} from './exchange-world.ts';
import { makeIdentity, makeRole, makeSamlIdentity, NOW_MS, OIDC_ARN, SAML_ARN } from './person-world.ts';

const NOW = NOW_MS / 1000;
const DEV = makeRole('dev', [{}]);

describe('how long it lives', () => {
  it('is no longer than the proof, without the skew that its verifier forgave', async () => {
    const expiresAtMs = NOW_MS + 130_000;
    const { claims } = decode(
      await exchange(createExchangeWorld(), { subject: proof(makeIdentity({}, { expiresAtMs })) }),
    );
    expect(claims['exp']).toBe(NOW + 100);
  });

  it.each([
    ['the token that was brought', signedIn({ expiresAtMs: NOW_MS + 99_900 })],
    ['the sign-in', signedIn({}, { endsAtMs: NOW_MS + 99_900 })],
  ])('is no longer than %s, in whole seconds', async (_, subject) => {
    const { claims } = decode(await exchange(createExchangeWorld(), { subject, target: tokenOf('b') }));
    expect(claims['exp']).toBe(NOW + 99);
  });

  it('is no longer than the session of the role', async () => {
    const a = makeService('a', { exchangePolicy: exchangePolicy({ Principal: { AWS: DEV.arn } }) });
    const world = createExchangeWorld({ services: [a], roles: [DEV] });
    const caller = callerOf(DEV, { expiresAtMs: NOW_MS + 20_000 });
    expect(issued(await exchange(world, { subject: { kind: 'role-session', caller } })).expiresAtMs).toBe(
      NOW_MS + 20_000,
    );
  });

  it('is no longer than a token that was exchanged for it', async () => {
    const a = makeService('a', { exchangePolicy: exchangePolicy({ Principal: { AWS: DEV.arn } }) });
    const world = createExchangeWorld({ services: [a], roles: [DEV] });
    const token = makeOwnToken({ expiresAtMs: NOW_MS + 20_000 });
    const subject = { kind: 'role-session', caller: callerOf(DEV), token } as const;
    expect(issued(await exchange(world, { subject })).expiresAtMs).toBe(NOW_MS + 20_000);
  });

  it('is no longer than its target wants it', async () => {
    const services = [makeService('a', { tokenLifetimeSeconds: 60 })];
    const portal = makeApplication('portal', services, { idTokenLifetimeSeconds: 30 });
    const world = createExchangeWorld({ services, applications: [portal] });
    const { claims } = decode(await exchange(world));
    expect(claims['exp']).toBe(NOW + 60);
    const target = { kind: 'id-token', audience: 'portal' } as const;
    expect(decode(await exchange(world, { target })).claims['exp']).toBe(NOW + 30);
  });

  it('is no longer than what the actor brought', async () => {
    const actor = proof(makeIdentity({ sub: 'bot' }, { subject: 'bot', expiresAtMs: NOW_MS + 40_000 }));
    const { claims } = decode(await exchange(createExchangeWorld(), { actor }));
    expect(claims['exp']).toBe(NOW + 10);
  });

  it.each([
    ['a proof that lives on skew alone', proof(makeIdentity({}, { expiresAtMs: NOW_MS + 30_000 }))],
    ['a token of ours that ended', signedIn({ expiresAtMs: NOW_MS })],
    ['less than a second', signedIn({ expiresAtMs: NOW_MS + 999 })],
    ['a sign-in that ended', signedIn({}, { endsAtMs: NOW_MS - 1 })],
  ])('is nothing for %s', async (_, subject) => {
    expect(await refusal(createExchangeWorld(), { subject, target: tokenOf('b') })).toBe(
      'expired-identity-token',
    );
  });
});

describe('where it has been', () => {
  it('is no way back: a, b, a', async () => {
    const world = createExchangeWorld();
    const atB = await exchange(world, { subject: signedIn(), target: tokenOf('b') });
    const subject = await bring(world, atB);
    expect(await refusal(world, { subject, target: tokenOf('a') })).toBe('exchange-loop');
    await exchange(world, { subject, target: tokenOf('b') });
    await exchange(world, { subject, target: tokenOf('c') });
  });

  it('is no way back by an ID token', async () => {
    const world = createExchangeWorld();
    const target = { kind: 'id-token', audience: 'portal' } as const;
    const subject = await bring(world, await exchange(world, { subject: signedIn(), target }));
    expect(await refusal(world, { subject, target: tokenOf('a', ['admin']) })).toBe('exchange-loop');
  });

  it('is four exchanges at most, staying counted, too', async () => {
    const world = createExchangeWorld();
    let subject: ExchangeSubject = proof();
    for (const name of ['a', 'b', 'b', 'c'])
      subject = await bring(world, await exchange(world, { subject, target: tokenOf(name) }));
    expect(await refusal(world, { subject, target: tokenOf('d') })).toBe('exchange-loop');
  });

  it('begins with the issuer for a token of userinfo', async () => {
    const subject = signedIn({ audience: [] });
    const { claims } = decode(await exchange(createExchangeWorld(), { subject, target: tokenOf('a') }));
    expect(claims['via']).toEqual([ISSUER]);
  });
});

describe('who acts (RFC 8693 4.1)', () => {
  const bot = proof(makeIdentity({ sub: 'bot' }, { subject: 'bot' }));

  it('stands before those who acted, each under the issuer that knows them', async () => {
    const act = { iss: ISSUER, sub: 'portal' };
    const { claims } = decode(
      await exchange(createExchangeWorld(), { subject: signedIn({ act }), actor: bot }),
    );
    expect(claims['act']).toEqual({ iss: 'https://idp.example.com', sub: 'bot', act });
  });

  it('goes on acting where no other actor is named', async () => {
    const act = { iss: ISSUER, sub: 'portal' };
    const { claims } = decode(await exchange(createExchangeWorld(), { subject: signedIn({ act }) }));
    expect(claims['act']).toEqual(act);
  });

  it.each<[string, ExchangeSubject, Actor]>([
    ['an application', ofApplication(), { iss: ISSUER, sub: 'portal' }],
    ['a role', { kind: 'role-session', caller: callerOf(DEV) }, { iss: ISSUER, sub: DEV.arn }],
    [
      'another person',
      signedIn(
        {},
        {
          signIn: {
            ...makeBrowserSession().signIn,
            identity: makeIdentity({}, { subject: 'carol' }),
          },
        },
      ),
      { iss: ISSUER, sub: publicSubjectOf({ providerArn: OIDC_ARN, subject: 'carol' }) },
    ],
  ])('can be %s', async (_, actor, act) => {
    const { claims } = decode(await exchange(createExchangeWorld(), { actor }));
    expect(claims['act']).toEqual(act);
  });

  it.each<[string, Actor]>([
    ['last', { iss: ISSUER, sub: 'portal' }],
    ['first', { iss: ISSUER, sub: 'x', act: { iss: ISSUER, sub: 'portal' } }],
  ])('is nobody who acted %s', async (_, act) => {
    const ask = { subject: signedIn({ act }), actor: ofApplication() };
    expect(await refusal(createExchangeWorld(), ask)).toBe('exchange-loop');
  });

  it('is a fifth actor never', async () => {
    const chain = (length: number): Actor =>
      length === 1 ? { iss: ISSUER, sub: 'x1' } : { iss: ISSUER, sub: `x${length}`, act: chain(length - 1) };
    const world = createExchangeWorld();
    await exchange(world, { subject: signedIn({ act: chain(3) }), actor: bot });
    expect(await refusal(world, { subject: signedIn({ act: chain(4) }), actor: bot })).toBe('exchange-loop');
  });

  it('is not the subject', async () => {
    expect(await refusal(createExchangeWorld(), { actor: proof() })).toBe('exchange-loop');
    expect(await refusal(createExchangeWorld(), { subject: signedIn(), actor: proof() })).toBe(
      'exchange-loop',
    );
  });

  it('is nobody with a token that was given to another client', async () => {
    expect(await refusal(createExchangeWorld(), { by: 'c-app', actor: ofApplication() })).toBe(
      'client-unauthorized',
    );
  });

  it('is nobody for whom somebody else acts', async () => {
    const actor = {
      kind: 'application',
      token: makeOwnToken({ subject: 'x', act: { iss: ISSUER, sub: 'y' } }),
    } as const;
    expect(await refusal(createExchangeWorld(), { actor })).toBe('invalid-identity-token');
  });

  it('is nobody whom a provider names in our name: a service would take them for an application of ours', async () => {
    const actor = proof({ ...makeSamlIdentity({}), issuer: ISSUER, subject: 'portal' });
    expect(await refusal(createExchangeWorld(), { actor })).toBe('invalid-identity-token');
  });

  it('is nobody whose provider is gone', async () => {
    const actor = proof(makeIdentity({}, { subject: 'bot', providerArn: DEV.arn }));
    expect(await refusal(createExchangeWorld(), { actor })).toBe('invalid-identity-token');
  });
});

describe('an assertion (SAML Profiles 4.1.4.5)', () => {
  const saml = makeSamlIdentity({});
  const open = { Principal: { Federated: SAML_ARN } };

  it('is exchanged once, and what it was exchanged for as often as that lives', async () => {
    const services = SERVICES.map(({ name }) => makeService(name, { exchangePolicy: exchangePolicy(open) }));
    const world = createExchangeWorld({ services });
    const subject = await bring(world, await exchange(world, { subject: proof(saml) }));
    await exchange(world, { subject, target: tokenOf('b') });
    await exchange(world, { subject, target: tokenOf('b') });
    expect(await refusal(world, { subject: proof(saml) })).toBe('invalid-identity-token');
  });

  it('is not used up by a refusal, but by acting', async () => {
    const world = worldWith(
      {},
      { ...open, Condition: { 'ForAnyValue:StringEquals': { 'rolebridge:Scope': 'read' } } },
    );
    expect(await refusal(world, { subject: proof(saml) })).toBe('exchange-denied');
    const actor = proof({ ...saml, subject: 'bot' });
    await exchange(world, { actor });
    expect(await refusal(world, { subject: proof(saml), target: tokenOf('a', ['read']) })).toBe(
      'invalid-identity-token',
    );
  });

  it('is another matter than a token of a workload, which may come again', async () => {
    const world = createExchangeWorld();
    await exchange(world);
    await expect(exchange(world)).resolves.toBeDefined();
  });
});
