import { beforeEach, describe, expect, it } from 'vitest';
import type { BrowserSession } from '../../../../src/domain/session/browser-session.ts';
import { createFindAccount, isStillKnown } from '../../../../src/http/oidc/account.ts';
import { makeApplication } from '../../domain/federation/exchange-world.ts';
import { makeRole, OIDC_ARN } from '../../domain/federation/person-world.ts';
import { createProviderWorld, subjectOf, type ProviderWorld } from './provider-world.ts';

const role = (name: string, condition: object = {}) =>
  makeRole(name, [{ Principal: { Federated: OIDC_ARN }, Condition: { ...condition } }]);
const open = role('open');
const untold = role('untold');
const closed = role('closed', { StringEquals: { 'idp.example.com:sub': 'bob' } });
const withMfa = role('with-mfa', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } });
const { arn: gone } = role('gone');
const web = makeApplication('web', [], {
  claims: { department: 'department', sub: 'department', sid: 'department' },
  roleClaims: [open.arn, closed.arn, withMfa.arn, gone],
});
const CTX = { oidc: { client: { clientId: 'web' } } };

let world: ProviderWorld;
beforeEach(() => {
  world = createProviderWorld({ roles: [open, untold, closed, withMfa], applications: [web] });
});

type Token = Parameters<ReturnType<typeof createFindAccount>>[2];

/** Who is found by a program that has a token, with what the application hears of them. */
async function claimsFor(sub: string, token: Token, { scope = 'openid', use = 'id_token', at = world } = {}) {
  return at.ask(async () => {
    const account = await createFindAccount(at.deps)(CTX, sub, token);
    return account?.claims(use, scope, {}, []);
  });
}

const tokenOf = (session: BrowserSession) => ({
  sessionUid: session.signInId,
  iat: Math.floor(world.clock.now / 1000),
});

describe('the claims of somebody', () => {
  it('are those of the living sign-in, with its sid in ID tokens alone (Back-Channel Logout 2.1)', async () => {
    const session = await world.signIn();
    const sub = subjectOf(session);
    expect(await claimsFor(sub, tokenOf(session))).toEqual({
      sub,
      name: 'Ms alice',
      sid: session.signInId,
    });
    expect(await claimsFor(sub, tokenOf(session), { use: 'userinfo' })).toEqual({ sub, name: 'Ms alice' });
  });

  it('have what the mapping of the application names, and no mapping makes who it is', async () => {
    const { identity } = (await world.signIn()).signIn;
    const conditionKeys = new Map([...identity.conditionKeys, ['idp.example.com:department', 'it']]);
    const session = await world.signIn('alice', {
      identity: { ...identity, kind: 'web-identity', conditionKeys },
    });
    expect(await claimsFor(subjectOf(session), tokenOf(session))).toMatchObject({
      department: 'it',
      sub: subjectOf(session),
      sid: session.signInId,
    });
  });

  it('without the sign-in are the profile of then, and nothing that a proof said', async () => {
    const session = await world.signIn();
    await world.deps.browserSessions.end(session.id);
    const sub = subjectOf(session);
    expect(await claimsFor(sub, tokenOf(session), { scope: 'openid roles' })).toEqual({
      sub,
      name: 'Ms alice',
    });
  });

  it('have roles where they are asked for: open now, and of those that the application is told of', async () => {
    const session = await world.signIn();
    const claims = await claimsFor(subjectOf(session), tokenOf(session), { scope: 'openid roles' });
    expect(claims?.['roles']).toEqual([open.arn]);
    const proof = { authenticatedAtMs: world.clock.now, method: 'passkey' } as const;
    await world.deps.browserSessions.stepUp(session, proof);
    const more = await claimsFor(subjectOf(session), tokenOf(session), { scope: 'openid roles' });
    expect(more?.['roles']).toEqual([open.arn, withMfa.arn]);
    expect(await claimsFor(subjectOf(session), tokenOf(session))).not.toHaveProperty('roles');
  });

  it('have no role while everybody must give a second factor and they gave none', async () => {
    const strict = createProviderWorld({ roles: [open], applications: [web], mfaRequired: 'always' });
    const session = await strict.signIn();
    const asked = { scope: 'roles', at: strict };
    expect((await claimsFor(subjectOf(session), tokenOf(session), asked))?.['roles']).toEqual([]);
  });
});

describe('nobody is found', () => {
  it('by what is no subject, for which the store is not even asked, or nobody’s', async () => {
    expect(await claimsFor('x'.repeat(29), undefined)).toBeUndefined();
    const people = { findBySubject: () => Promise.reject(new Error('the store was asked')) };
    const find = createFindAccount({ ...world.deps, people });
    for (const sub of ['', 'alice', '../..', 'web'])
      expect(await world.ask(() => find(CTX, sub, undefined))).toBeUndefined();
  });

  it('who was removed, or was and signed in again since (RFC 9068 6)', async () => {
    const session = await world.signIn();
    const token = tokenOf(session);
    await world.deps.browserSessions.end(session.id);
    await world.deps.people.remove(session.signIn.identity);
    expect(await claimsFor(subjectOf(session), token)).toBeUndefined();
    world.clock.now += 5000;
    const again = await world.signIn();
    expect(await claimsFor(subjectOf(again), token)).toBeUndefined();
    expect(await claimsFor(subjectOf(again), tokenOf(again))).toBeDefined();
  });

  it('whose provider has left the configuration, with the sign-in or without it', async () => {
    const session = await world.signIn();
    const at = { ...world, deps: world.providerless };
    expect(await claimsFor(subjectOf(session), tokenOf(session), { at })).toBeUndefined();
    await world.deps.browserSessions.end(session.id);
    expect(await claimsFor(subjectOf(session), tokenOf(session), { at })).toBeUndefined();
  });

  it('for an application that has left it', async () => {
    const session = await world.signIn();
    const find = createFindAccount(world.deps);
    const others = [{ oidc: { client: { clientId: 'other' } } }, { oidc: {} }];
    for (const ctx of others)
      expect(await world.ask(() => find(ctx, subjectOf(session), tokenOf(session)))).toBeUndefined();
  });

  it('in somebody else’s browser: that tells of its own person', async () => {
    const alice = await world.signIn();
    const bob = await world.signIn('bob');
    const account = await world.ask(() => createFindAccount(world.deps)(CTX, subjectOf(alice)), bob);
    expect(await account?.claims('id_token', 'openid', {}, [])).toEqual({
      sub: subjectOf(alice),
      name: 'Ms alice',
    });
  });
});

it('isStillKnown says whether somebody stands behind a token', async () => {
  const session = await world.signIn();
  const ask = () => world.ask(() => isStillKnown(subjectOf(session), tokenOf(session), world.deps));
  expect(await ask()).toBe(true);
  await world.deps.browserSessions.end(session.id);
  expect(await ask()).toBe(true);
  await world.deps.people.remove(session.signIn.identity);
  expect(await ask()).toBe(false);
});
