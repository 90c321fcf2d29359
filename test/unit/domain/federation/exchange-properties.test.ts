import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { ExchangedToken } from '../../../../src/domain/federation/exchange-request.ts';
import type { ExchangeSubject } from '../../../../src/domain/federation/exchange-subject.ts';
import { MAX_CHAIN, parseOwnToken, type OwnToken } from '../../../../src/domain/token/own-token.ts';
import {
  bring,
  createExchangeWorld,
  decode,
  exchange,
  exchangePolicy,
  issued,
  makeBrowserSession,
  makeService,
  ofApplication,
  proof,
  SERVICES,
  signedIn,
  tokenOf,
  worldWith,
  type Ask,
} from './exchange-world.ts';
import { makeIdentity, NOW_MS } from './person-world.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const SCOPES = ['read', 'write', 'admin', 'delete'];

const scopes = fc.option(fc.subarray(SCOPES), { nil: undefined });
const steps = fc.array(fc.record({ name: fc.constantFrom(...NAMES), scopes, acts: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
});
/** Before now, or up to two hours from now. */
const lifeMs = fc.integer({ min: -1000, max: 7_200_000 });

const starts = fc.oneof(
  lifeMs.map((ms) => proof(makeIdentity({}, { expiresAtMs: NOW_MS + ms }))),
  fc
    .record({ token: lifeMs, session: lifeMs, held: fc.subarray(SCOPES) })
    .map(({ token, session, held }) =>
      signedIn({ expiresAtMs: NOW_MS + token, scopes: held }, { endsAtMs: NOW_MS + session }),
    ),
);

/** A refusal is `undefined`; anything else thrown is a bug. */
async function attempt(run: () => Promise<ExchangedToken>): Promise<ExchangedToken | undefined> {
  return run().catch((error: unknown) => {
    if (error instanceof FederationError) return undefined;
    throw error;
  });
}

function endOf(subject: ExchangeSubject): number {
  if (subject.kind === 'proof') return subject.identity.expiresAtMs;
  if (subject.kind === 'sign-in') return Math.min(subject.token.expiresAtMs, subject.session.endsAtMs);
  return tokenIn(subject)?.expiresAtMs ?? Infinity;
}

function tokenIn(subject: ExchangeSubject): OwnToken | undefined {
  return 'token' in subject ? subject.token : undefined;
}

function depthOf(act: OwnToken['act']): number {
  return act ? 1 + depthOf(act.act) : 0;
}

/** What every step of a walk must hold to. */
function checkStep(subject: ExchangeSubject, name: string, token: ExchangedToken): void {
  const { header, claims } = decode(token);
  const own = parseOwnToken(header['typ'], claims);
  const before = tokenIn(subject);
  const audience = `https://${name}.example.com`;
  expect(issued(token).expiresAtMs).toBeLessThanOrEqual(endOf(subject));
  expect(issued(token).expiresAtMs).toBeGreaterThan(NOW_MS);
  expect(['read', 'write', 'admin']).toEqual(expect.arrayContaining([...(own?.scopes ?? [])]));
  if (before?.audience.includes(audience))
    expect(before.scopes).toEqual(expect.arrayContaining([...(own?.scopes ?? [])]));
  else expect(before?.via ?? []).not.toContain(audience);
  expect(own?.via.length).toBeLessThanOrEqual(MAX_CHAIN);
  expect(own?.via.length).toBe((before?.via.length ?? 0) + 1);
  expect(depthOf(own?.act)).toBeLessThanOrEqual(MAX_CHAIN);
  expect(depthOf(own?.act)).toBeGreaterThanOrEqual(depthOf(before?.act));
}

describe('whatever is exchanged for whatever', () => {
  it('lives no longer, may no more where it stays, never comes back, and ends after four', async () => {
    const session = makeBrowserSession();
    await fc.assert(
      fc.asyncProperty(starts, steps, async (start, walk) => {
        const world = createExchangeWorld();
        let subject = start;
        const ended = start.kind === 'sign-in' ? start.session : session;
        for (const [index, { name, scopes: wanted, acts }] of walk.entries()) {
          const bot = makeIdentity({}, { subject: `bot-${index}`, expiresAtMs: NOW_MS + 7_200_000 });
          const ask: Ask = { subject, target: tokenOf(name, wanted), ...(acts ? { actor: proof(bot) } : {}) };
          const token = await attempt(() => exchange(world, ask));
          if (token === undefined) continue;
          checkStep(subject, name, token);
          subject = await bring(world, token, ended);
        }
        await world.store.close();
      }),
      { numRuns: 150 },
    );
  });

  it('is refused on the way back, however long the way was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(NAMES, { minLength: 2, maxLength: 3 }), async (way) => {
        const world = createExchangeWorld();
        let subject = proof();
        for (const name of way)
          subject = await bring(world, await exchange(world, { subject, target: tokenOf(name) }));
        for (const name of way.slice(0, -1))
          await expect(exchange(world, { subject, target: tokenOf(name) })).rejects.toMatchObject({
            code: 'exchange-loop',
          });
        await world.store.close();
      }),
      { numRuns: 30 },
    );
  });

  it('is refused where a statement denies it, in whatever order they stand', async () => {
    const deny = { Effect: 'Deny', Principal: '*' } as const;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 3 }), fc.boolean(), async (position, acts) => {
        const statements = [{}, {}, {}].toSpliced(position, 0, deny);
        const world = worldWith(...statements);
        for (const subject of [proof(), signedIn()])
          await expect(
            exchange(world, { subject, ...(acts ? { actor: ofApplication() } : {}) }),
          ).rejects.toMatchObject({ code: 'exchange-denied' });
        await world.store.close();
      }),
      { numRuns: 20 },
    );
  });

  it('says nothing of a proof in the place of our own words', async () => {
    const service = makeService('a');
    const ours = decode(await exchange(createExchangeWorld({ services: [service] }))).claims;
    const names = fc.constantFrom(
      ...Object.keys(ours),
      'sid',
      'act',
      'scope',
      'acr',
      'amr',
      'auth_time',
      'cnf',
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.constant('forged')), async (claims) => {
        const services = [makeService('a', { claims, exchangePolicy: exchangePolicy({}) })];
        const world = createExchangeWorld({ services });
        const found = decode(
          await exchange(world, { subject: proof(makeIdentity({ forged: 'forged' })) }),
        ).claims;
        expect(JSON.stringify(found)).not.toContain('forged');
        await world.store.close();
      }),
      { numRuns: 50 },
    );
    expect(SERVICES).toHaveLength(NAMES.length);
  });
});
