import { describe, expect, it } from 'vitest';
import type { ExchangeSubject } from '../../../../src/domain/federation/exchange-subject.ts';
import type { Role } from '../../../../src/domain/role/role.ts';
import type { Session } from '../../../../src/domain/session/session.ts';
import {
  bring,
  callerOf,
  createExchangeWorld,
  exchange,
  exchangePolicy,
  ISSUER,
  lastEvent,
  makeApplication,
  makeOwnToken,
  makeService,
  ofApplication,
  proof,
  refusal,
  SERVICES,
  SIGN_IN_ID,
  signedIn,
  tokenOf,
  type Ask,
  type ExchangeWorld,
} from './exchange-world.ts';
import { makeIdentity, makeRole, makeSamlIdentity, NOW_MS, OTHER_ACCOUNT, SAML_ARN } from './person-world.ts';

const DEV = makeRole('dev', [{}]);
const FROM_DEV = { Principal: { AWS: DEV.arn }, Action: 'sts:AssumeRole' };
const OPS = makeRole('ops', [FROM_DEV]);
const CORP = makeRole('corp', [{ Principal: { Federated: SAML_ARN }, Action: ['sts:AssumeRoleWithSAML'] }]);
const PAIR = { Role: [`${CORP.arn},${SAML_ARN}`], RoleSessionName: ['alice'] };
const MFA = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } };

function worldOf(...roles: readonly Role[]): ExchangeWorld {
  const services = SERVICES.map(({ name }) =>
    makeService(name, { exchangePolicy: exchangePolicy({}, { Principal: { Federated: SAML_ARN } }) }),
  );
  return createExchangeWorld({ roles, services });
}

function wanting(role: Role, durationSeconds?: number): Pick<Ask, 'target'> {
  const wanted = { kind: 'credentials', roleArn: role.arn } as const;
  return { target: durationSeconds === undefined ? wanted : { ...wanted, durationSeconds } };
}

async function take(world: ExchangeWorld, ask: Ask): Promise<Session> {
  const taken = await exchange(world, ask);
  if (taken.kind !== 'credentials') throw new Error('a token came out');
  const session = await world.deps.sessions.find(taken.credentials.accessKeyId);
  if (session === undefined) throw new Error('the session was not stored');
  return session;
}

const exchanged: ExchangeSubject = {
  kind: 'exchanged',
  token: makeOwnToken({ tokenId: 'exchanged-1' }),
  identity: makeIdentity(),
};

describe('credentials by exchange', () => {
  it.each<[string, ExchangeSubject, Role, string, string]>([
    ['a proof', proof(), DEV, 'AssumeRoleWithWebIdentity', 'alice'],
    ['an assertion', proof(makeSamlIdentity(PAIR)), CORP, 'AssumeRoleWithSAML', 'alice'],
    ['a sign-in', signedIn(), DEV, 'AssumeRoleWithWebIdentity', 'alice'],
    ['a token that was exchanged', exchanged, DEV, 'AssumeRoleWithWebIdentity', 'alice'],
    ['credentials of a role', { kind: 'role-session', caller: callerOf(DEV) }, OPS, 'AssumeRole', 'alice'],
  ])('of %s are those of the STS action', async (_, subject, role, eventName, name) => {
    const world = worldOf(DEV, OPS, CORP);
    const session = await take(world, { subject, ...wanting(role) });
    expect(session.principalArn).toBe(`arn:aws:sts::${role.account}:assumed-role/${role.name}/${name}`);
    expect(lastEvent(world)).toMatchObject({
      eventSource: 'oidc.rolebridge',
      eventName,
      requestParameters: {
        clientId: 'portal',
        roleArn: role.arn,
        requestedTokenType: 'urn:rolebridge:params:oauth:token-type:aws4',
      },
      additionalEventData: { outcome: 'allowed', decision: { action: `sts:${eventName}` } },
    });
  });

  it('know the sign-in and its second factor', async () => {
    const mfa = { authenticatedAtMs: NOW_MS - 1000, method: 'totp' } as const;
    const role = makeRole('dev', [{ Condition: MFA }]);
    expect(await take(worldOf(role), { subject: signedIn({}, { mfa }), ...wanting(role) })).toMatchObject({
      signInId: SIGN_IN_ID,
      mfaAuthenticatedAtMs: NOW_MS - 1000,
    });
  });

  it.each<[string, ExchangeSubject, Role, number]>([
    ['the proof, without skew', proof(makeIdentity({}, { expiresAtMs: NOW_MS + 90_000 })), DEV, 60_000],
    ['the assertion', proof({ ...makeSamlIdentity(PAIR), expiresAtMs: NOW_MS + 60_000 }), CORP, 60_000],
    [
      'the assertion’s session',
      proof(makeSamlIdentity(PAIR, { sessionNotOnOrAfterMs: NOW_MS + 50_000 })),
      CORP,
      50_000,
    ],
    ['the token', signedIn({ expiresAtMs: NOW_MS + 60_000 }), DEV, 60_000],
    ['the sign-in', signedIn({}, { endsAtMs: NOW_MS + 60_000 }), DEV, 60_000],
    ['the exchanged token', exchanged, DEV, 600_000],
    [
      'the role session',
      { kind: 'role-session', caller: callerOf(DEV, { expiresAtMs: NOW_MS + 60_000 }) },
      OPS,
      60_000,
    ],
  ])('never outlive %s', async (_, subject, role, lifeMs) => {
    const session = await take(worldOf(DEV, OPS, CORP), { subject, ...wanting(role, 3600) });
    expect(session.expiresAtMs).toBe(NOW_MS + lifeMs);
  });

  it('begin no chain of roles that outlives what was brought', async () => {
    const caller = callerOf(DEV);
    const token = makeOwnToken({ expiresAtMs: NOW_MS + 60_000 });
    const subject: ExchangeSubject = { kind: 'role-session', caller, token };
    const session = await take(worldOf(DEV, OPS), { subject, ...wanting(OPS) });
    expect(session).toMatchObject({ expiresAtMs: NOW_MS + 60_000, signInExpiresAtMs: NOW_MS + 60_000 });
  });

  it('are of somebody for whom somebody acts, wherever they go', async () => {
    const act = { iss: ISSUER, sub: 'portal' };
    const alone = { Null: { 'rolebridge:ActorSubject': 'true' } };
    const a = makeService('a', {
      exchangePolicy: exchangePolicy({ Principal: { AWS: OPS.arn }, Condition: alone }),
    });
    const world = createExchangeWorld({ roles: [DEV, OPS], services: [a] });
    const ask = async (token: object): Promise<Ask> => {
      const first = await take(world, { subject: signedIn(token), ...wanting(DEV) });
      const caller = { kind: 'assumed-role', session: first, role: DEV } as const;
      const session = await take(world, { subject: { kind: 'role-session', caller }, ...wanting(OPS) });
      return { subject: { kind: 'role-session', caller: { kind: 'assumed-role', session, role: OPS } } };
    };
    await exchange(world, await ask({}));
    expect(await refusal(world, await ask({ act }))).toBe('exchange-denied');
  });

  it('never outlive what the actor brought', async () => {
    const actor = proof(makeIdentity({}, { subject: 'bot', expiresAtMs: NOW_MS + 90_000 }));
    expect((await take(worldOf(DEV), { actor, ...wanting(DEV) })).expiresAtMs).toBe(NOW_MS + 60_000);
  });

  it.each([
    ['rolebridge:ClientId', 'portal', 'other'],
    ['rolebridge:SubjectTokenType', 'urn:ietf:params:oauth:token-type:jwt', 'jwt'],
    ['rolebridge:ActorSubject', 'portal', 'other'],
  ])('are decided by trust policies that read %s', async (key, right, wrong) => {
    const subjects = [proof(), signedIn(), exchanged];
    for (const subject of subjects) {
      const ask = { subject, actor: ofApplication(), ...wanting(DEV) };
      await take(worldOf(makeRole('dev', [{ Condition: { StringEquals: { [key]: right } } }])), ask);
      const other = worldOf(makeRole('dev', [{ Condition: { StringEquals: { [key]: wrong } } }]));
      expect(await refusal(other, ask)).toBe('federation-denied');
    }
  });
});

describe('credentials by exchange are refused', () => {
  it('for roles that the application may not have, before the gate is asked', async () => {
    const portal = makeApplication('portal', SERVICES, { allowedRoles: [OPS.arn] });
    const world = createExchangeWorld({ roles: [DEV, OPS], applications: [portal] });
    expect(await refusal(world, wanting(DEV))).toBe('exchange-denied');
    expect(lastEvent(world).additionalEventData.decision).toBeUndefined();
  });

  it.each<[string, ExchangeSubject, Role, string]>([
    ['a proof that the role does not trust', proof(), CORP, 'federation-denied'],
    ['an assertion that does not list the role', proof(makeSamlIdentity({})), CORP, 'invalid-identity-token'],
    ['a sign-in that the role does not trust', signedIn(), OPS, 'federation-denied'],
    ['a token of an untrusted proof', exchanged, OPS, 'federation-denied'],
    ['credentials of another role', { kind: 'role-session', caller: callerOf(OPS) }, OPS, 'caller-denied'],
    ['an application for itself', ofApplication(), DEV, 'invalid-identity-token'],
  ])('for %s', async (_, subject, role, code) => {
    expect(await refusal(worldOf(DEV, OPS, CORP), { subject, ...wanting(role) })).toBe(code);
  });

  it('for a role that does not exist, like one that trusts nobody', async () => {
    expect(await refusal(worldOf(), wanting(DEV))).toBe('federation-denied');
  });

  it.each([
    ['a proof', proof()],
    ['a sign-in', signedIn()],
    ['a token of a proof', exchanged],
  ])('for a role of another account, whatever its policy says of %s', async (_, subject) => {
    const foreign = makeRole('dev', [{}], { account: OTHER_ACCOUNT });
    expect(await refusal(worldOf(foreign), { subject, ...wanting(foreign) })).toBe('federation-denied');
  });

  it('for a person who lacks only a second factor, with that word', async () => {
    const role = makeRole('dev', [{ Condition: MFA }]);
    expect(await refusal(worldOf(role), { subject: signedIn(), ...wanting(role) })).toBe('mfa-required');
    expect(await refusal(worldOf(role), wanting(role))).toBe('federation-denied');
    const strict = createExchangeWorld({ roles: [DEV], mfaRequired: 'always' });
    expect(await refusal(strict, { subject: signedIn(), ...wanting(DEV) })).toBe('mfa-required');
  });

  it('for longer than the role, or than a chain may last', async () => {
    const world = worldOf(DEV, makeRole('ops', [FROM_DEV], { maxSessionDurationSeconds: 43_200 }));
    expect(await refusal(world, wanting(DEV, 3601))).toBe('duration-exceeds-role');
    const subject = { kind: 'role-session', caller: callerOf(DEV) } as const;
    expect(await refusal(world, { subject, ...wanting(OPS, 3601) })).toBe('duration-exceeds-chaining');
  });

  it('once nothing is left of what was brought', async () => {
    const subject = proof(makeIdentity({}, { expiresAtMs: NOW_MS + 30_000 }));
    expect(await refusal(worldOf(DEV), { subject, ...wanting(DEV) })).toBe('expired-identity-token');
  });

  it('for an assertion that opened something before, here or for a token', async () => {
    const world = worldOf(CORP);
    await take(world, { subject: proof(makeSamlIdentity(PAIR)), ...wanting(CORP) });
    expect(await refusal(world, { subject: proof(makeSamlIdentity(PAIR)) })).toBe('invalid-identity-token');
    const other = worldOf(CORP);
    await exchange(other, { subject: proof(makeSamlIdentity(PAIR)) });
    const again = { subject: proof(makeSamlIdentity(PAIR)), ...wanting(CORP) };
    expect(await refusal(other, again)).toBe('invalid-identity-token');
  });

  it('for an acting assertion that acted before', async () => {
    const actor = proof({ ...makeSamlIdentity({}), subject: 'bot' });
    const world = worldOf(DEV);
    await take(world, { actor, ...wanting(DEV) });
    expect(await refusal(world, { actor, ...wanting(DEV) })).toBe('invalid-identity-token');
  });

  it('a second time at a role that wants a proof once, however it is brought', async () => {
    const once = makeRole('once', [{}], { singleUseToken: true });
    const world = worldOf(once);
    const first = await exchange(world);
    const subject = await bring(world, first);
    await take(world, { subject, ...wanting(once) });
    expect(await refusal(world, { subject, ...wanting(once) })).toBe('invalid-identity-token');
    expect(await refusal(world, wanting(once))).toBe('invalid-identity-token');
  });

  it('where the token of role credentials leads back to the role', async () => {
    const a = makeService('a', { exchangePolicy: exchangePolicy({ Principal: { AWS: DEV.arn } }) });
    const world = createExchangeWorld({ roles: [DEV, OPS], services: [a] });
    const caller = callerOf(DEV);
    const token = await exchange(world, { subject: { kind: 'role-session', caller }, target: tokenOf('a') });
    const subject = await bring(world, token, undefined, caller);
    expect(await refusal(world, { subject, ...wanting(DEV) })).toBe('exchange-loop');
    await take(world, { subject, ...wanting(OPS) });
  });
});

describe('an assertion’s token', () => {
  it('opens roles again and again while it lives: the assertion was used up for it', async () => {
    const world = worldOf(CORP);
    const identity = makeSamlIdentity(PAIR);
    const subject = await bring(world, await exchange(world, { subject: proof(identity) }));
    await take(world, { subject, ...wanting(CORP) });
    await expect(take(world, { subject, ...wanting(CORP) })).resolves.toBeDefined();
  });

  it('opens no role that wants a proof once', async () => {
    const once = { ...CORP, singleUseToken: true };
    const world = worldOf(once);
    const subject = await bring(world, await exchange(world, { subject: proof(makeSamlIdentity(PAIR)) }));
    expect(await refusal(world, { subject, ...wanting(once) })).toBe('invalid-identity-token');
  });
});
