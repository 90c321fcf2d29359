import fc from 'fast-check';
import { errors } from 'oidc-provider';
import { beforeEach, expect, it } from 'vitest';
import { tokenLifetimes } from '../../../../src/http/oidc/token-lifetimes.ts';
import { makeApplication } from '../../domain/federation/exchange-world.ts';
import { ABSOLUTE_MS, createProviderWorld, type ProviderWorld } from './provider-world.ts';

const DAY = 86_400;
const web = makeApplication('web', [], { idTokenLifetimeSeconds: 7200, refreshTokenLifetimeSeconds: DAY });
const CLIENT = { clientId: 'web' };

let world: ProviderWorld;
beforeEach(() => {
  world = createProviderWorld({ applications: [web] });
});

const SIGN_IN = 'sign-in-00000001';
const bound = { expiresWithSession: true, sessionUid: SIGN_IN };

/** Asks in a request that found a sign-in which ends so many milliseconds from now. */
function within<T>(endsInMs: number, run: (ttl: ReturnType<typeof tokenLifetimes>) => T): Promise<T> {
  return world.ask((scope) => {
    scope.signInEnds.set(SIGN_IN, world.clock.now + endsInMs);
    return Promise.resolve().then(() => run(tokenLifetimes(world.deps)));
  });
}

const idTokenIn = (ttl: ReturnType<typeof tokenLifetimes>, AccessToken?: object) =>
  ttl.IdToken({ oidc: { entities: { ...(AccessToken && { AccessToken }) } } }, undefined, CLIENT);

it('is what services and applications say', async () => {
  const long = 48 * 3_600_000;
  const service = { resourceServer: { accessTokenTTL: 300 } };
  expect(await within(long, (ttl) => ttl.AccessToken(undefined, { ...bound, ...service }))).toBe(300);
  expect(await within(long, (ttl) => ttl.AccessToken(undefined, bound))).toBe(600);
  expect(await within(long, (ttl) => ttl.ClientCredentials(undefined, service))).toBe(300);
  expect(await within(long, (ttl) => idTokenIn(ttl, bound))).toBe(7200);
  expect(await within(long, (ttl) => ttl.RefreshToken(undefined, bound, CLIENT))).toBe(DAY);
});

it('never goes beyond the sign-in that it is bound to', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2000, max: 100_000_000 }), fc.nat(999), async (leftMs, offsetMs) => {
      world.clock.now += offsetMs;
      const endsAtMs = world.clock.now + leftMs;
      const seconds = await within(leftMs, (ttl) => [
        ttl.AccessToken(undefined, { ...bound, resourceServer: { accessTokenTTL: DAY } }),
        ttl.RefreshToken(undefined, bound, CLIENT),
        idTokenIn(ttl, bound),
      ]);
      const issuedAt = Math.floor(world.clock.now / 1000);
      for (const lifetime of seconds) {
        expect(lifetime).toBeGreaterThan(0);
        expect((issuedAt + lifetime) * 1000).toBeLessThanOrEqual(endsAtMs);
      }
    }),
  );
});

it.each([0, -1, -5000])('is refused where the sign-in ends in %i ms', async (leftMs) => {
  await expect(within(leftMs, (ttl) => ttl.AccessToken(undefined, bound))).rejects.toBeInstanceOf(
    errors.InvalidGrant,
  );
});

it('is refused where nobody knows the sign-in', async () => {
  const other = { expiresWithSession: true, sessionUid: 'another' };
  for (const token of [other, { expiresWithSession: true }])
    await expect(within(60_000, (ttl) => ttl.AccessToken(undefined, token))).rejects.toBeInstanceOf(
      errors.InvalidGrant,
    );
});

it('asks no sign-in where a token outlives it (offline_access)', async () => {
  const offline = { sessionUid: SIGN_IN };
  expect(await within(1000, (ttl) => ttl.RefreshToken(undefined, offline, CLIENT))).toBe(DAY);
  expect(await within(1000, (ttl) => idTokenIn(ttl, offline))).toBe(7200);
});

it('of refresh tokens is counted from the first one of the line: rotation prolongs nothing', async () => {
  const iiat = Math.floor(world.clock.now / 1000) - 3600;
  expect(await within(0, (ttl) => ttl.RefreshToken(undefined, { iiat }, CLIENT))).toBe(DAY - 3600);
  const old = { iiat: iiat - DAY };
  expect(await within(0, (ttl) => ttl.RefreshToken(undefined, old, CLIENT))).toBe(1);
});

it('of a grant covers all that may come of it', async () => {
  expect(await within(0, (ttl) => ttl.Grant(undefined, CLIENT))).toBe(ABSOLUTE_MS / 1000 + DAY);
});
