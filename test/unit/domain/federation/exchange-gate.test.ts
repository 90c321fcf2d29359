import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../../src/domain/policy/document.ts';
import {
  callerOf,
  createExchangeWorld,
  exchange,
  exchangePolicy,
  ISSUER,
  lastEvent,
  makeOwnToken,
  makeClosedService,
  makeService,
  ofApplication,
  refusal,
  signedIn,
  tokenOf,
  worldWith,
} from './exchange-world.ts';
import { makeIdentity, makeRole, NOW_MS, SAML_ARN } from './person-world.ts';

const DEV = makeRole('dev', [{}]);
const MFA = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };

describe('the gate of a service', () => {
  it.each([
    ['rolebridge:ClientId', 'portal', 'other'],
    ['rolebridge:Audience', 'https://a.example.com', 'https://b.example.com'],
    ['rolebridge:SubjectTokenType', 'urn:ietf:params:oauth:token-type:jwt', 'jwt'],
    ['rolebridge:ActorIssuer', ISSUER, 'https://evil.example'],
    ['rolebridge:ActorSubject', 'portal', 'other'],
    ['idp.example.com:sub', 'alice', 'bob'],
    ['aws:SourceIp', '192.0.2.7', '192.0.2.8'],
  ])('reads %s', async (key, right, wrong) => {
    const ask = { actor: ofApplication() };
    await exchange(worldWith({ Condition: { StringEquals: { [key]: right } } }), ask);
    expect(await refusal(worldWith({ Condition: { StringEquals: { [key]: wrong } } }), ask)).toBe(
      'exchange-denied',
    );
  });

  it('reads each of the scopes', async () => {
    const onlyRead = { 'ForAnyValue:StringNotEquals': { 'rolebridge:Scope': ['read'] } };
    const world = worldWith({}, { Effect: 'Deny', Condition: onlyRead });
    await exchange(world, { target: tokenOf('a', ['read']) });
    expect(await refusal(world, { target: tokenOf('a', ['read', 'write']) })).toBe('exchange-denied');
  });

  it('reads the scopes that a token keeps where none is asked for: those are issued', async () => {
    const noWrite = { 'ForAnyValue:StringEquals': { 'rolebridge:Scope': ['write'] } };
    const world = worldWith({}, { Effect: 'Deny', Condition: noWrite });
    await exchange(world, { subject: signedIn({ scopes: ['read'] }) });
    expect(await refusal(world, { subject: signedIn({ scopes: ['read', 'write'] }) })).toBe(
      'exchange-denied',
    );
  });

  it('sees who acts already where nobody else wants to', async () => {
    const alone = { Null: { 'rolebridge:ActorSubject': 'true' } };
    const act = { iss: ISSUER, sub: 'portal' };
    const world = worldWith({ Condition: alone });
    await exchange(world, { subject: signedIn() });
    expect(await refusal(world, { subject: signedIn({ act }) })).toBe('exchange-denied');
  });

  it('lets a deny win, and tells operators which', async () => {
    const world = worldWith({}, { Effect: 'Deny' });
    expect(await refusal(world)).toBe('exchange-denied');
    expect(lastEvent(world).additionalEventData).toMatchObject({
      outcome: 'denied',
      decision: { outcome: 'explicitDeny', action: 'rolebridge:ExchangeToken' },
    });
  });

  it('is the service’s own policy: what a role may by itself opens nothing', async () => {
    const all = { Effect: 'Allow', Action: 'rolebridge:*', Resource: '*' };
    const allowed = parsePolicy({ Version: '2012-10-17', Statement: all }, { kind: 'identity', name: 'all' });
    const role = { ...DEV, identityPolicies: [allowed] };
    const subject = { kind: 'role-session', caller: callerOf(role) } as const;
    for (const service of [makeService('a'), makeClosedService('a')])
      expect(await refusal(createExchangeWorld({ roles: [role], services: [service] }), { subject })).toBe(
        'exchange-denied',
      );
  });

  it('holds a role to its session policies', async () => {
    const a = makeService('a', { exchangePolicy: exchangePolicy({ Principal: { AWS: DEV.arn } }) });
    const world = createExchangeWorld({ services: [a], roles: [DEV] });
    const inline = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Deny', Action: 'rolebridge:*', Resource: '*' },
    });
    const caller = callerOf(DEV, { sessionPolicies: [{ inline, managedArns: [] }] });
    await exchange(world, { subject: { kind: 'role-session', caller: callerOf(DEV) } });
    expect(await refusal(world, { subject: { kind: 'role-session', caller } })).toBe('exchange-denied');
  });

  it('asks a person for the second factor that alone is missing (RFC 9470)', async () => {
    const world = worldWith({ Condition: MFA });
    expect(await refusal(world, { subject: signedIn() })).toBe('mfa-required');
    const mfa = { authenticatedAtMs: NOW_MS - 1000, method: 'totp' } as const;
    await exchange(world, { subject: signedIn({}, { mfa }) });
  });

  it('asks for a newer one, and not where it would not help', async () => {
    const fresh = { NumericLessThan: { 'aws:MultiFactorAuthAge': '60' } };
    const mfa = { authenticatedAtMs: NOW_MS - 61_000, method: 'totp' } as const;
    expect(await refusal(worldWith({ Condition: fresh }), { subject: signedIn({}, { mfa }) })).toBe(
      'mfa-required',
    );
    const foreign = worldWith({ Principal: { Federated: SAML_ARN }, Condition: MFA });
    expect(await refusal(foreign, { subject: signedIn() })).toBe('exchange-denied');
  });

  it('never takes a tool’s proof for one with a second factor', async () => {
    const world = worldWith({ Condition: MFA });
    expect(await refusal(world)).toBe('exchange-denied');
    const subject = { kind: 'exchanged', token: makeOwnToken(), identity: makeIdentity() } as const;
    expect(await refusal(world, { subject })).toBe('exchange-denied');
  });

  it('asks every person first where everybody needs a second factor', async () => {
    const world = createExchangeWorld({ mfaRequired: 'always' });
    expect(await refusal(world, { subject: signedIn() })).toBe('mfa-required');
    await exchange(world);
  });
});
