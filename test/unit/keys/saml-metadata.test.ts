import { describe, expect, it } from 'vitest';
import type { SamlMetadata } from '../../../src/domain/identity/saml-metadata.ts';
import type { FetchedDocument, FetchFailure } from '../../../src/keys/guarded-fetch.ts';
import { GuardedFetchError } from '../../../src/keys/guarded-fetch.ts';
import { createSamlMetadataSource } from '../../../src/keys/saml-metadata.ts';

const URL_PROVIDER = { metadata: { kind: 'url', url: 'https://idp.example.com/metadata' } } as const;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 5, 1);

type Answer = Partial<FetchedDocument> | FetchFailure | Promise<void>;

/** A source whose documents say in JSON what parsing gives. */
function setUp(first: Answer) {
  const world = { nowMs: START, answer: first, fetches: 0, failures: 0 };
  const source = createSamlMetadataSource({
    now: () => world.nowMs,
    onFailure: () => world.failures++,
    parse: (xml) => ({ entities: [], ...parseJson(xml) }),
    fetch: async () => {
      world.fetches += 1;
      const { answer } = world;
      if (typeof answer === 'string') throw new GuardedFetchError(answer, 'no');
      if (answer instanceof Promise) await answer;
      const given = answer instanceof Promise ? {} : answer;
      return { status: 200, contentType: '', headers: {}, body: Buffer.from('{}'), ...given };
    },
  });
  return { world, get: () => source(URL_PROVIDER), source };
}

function parseJson(text: string): Partial<SamlMetadata> {
  const value: unknown = JSON.parse(text);
  const number = (name: string) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? Number(Reflect.get(value, name))
      : undefined;
  const [validUntilMs, cacheDurationMs] = [number('validUntilMs'), number('cacheDurationMs')];
  return {
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    ...(cacheDurationMs === undefined ? {} : { cacheDurationMs }),
  };
}

const document = (value: object): Answer => ({ body: Buffer.from(JSON.stringify(value)) });
/** Background work is done when all that was queued before has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('createSamlMetadataSource', () => {
  it('reads a document of the configuration once, without a fetch', async () => {
    const { source, world } = setUp('unreachable');
    const provider = { metadata: { kind: 'document', xml: '{}' } } as const;
    expect(await source(provider)).toBe(await source(provider));
    expect(world.fetches).toBe(0);
  });

  it('fetches once for callers who come together, and keeps the document', async () => {
    const { get, world } = setUp(document({}));
    await Promise.all([get(), get(), get()]);
    await get();
    expect(world.fetches).toBe(1);
  });

  it.each([
    ['its cacheDuration', { cacheDurationMs: 10 * HOUR_MS }, 10 * HOUR_MS],
    [
      'the time until validUntil',
      { validUntilMs: START + 2 * HOUR_MS, cacheDurationMs: 9 * HOUR_MS },
      2 * HOUR_MS,
    ],
    ['six hours where it says nothing', {}, 6 * HOUR_MS],
    ['a day at most', { cacheDurationMs: 1000 * HOUR_MS }, 24 * HOUR_MS],
    ['five minutes at least', { cacheDurationMs: 1 }, 300_000],
  ])('renews it in the background before %s is over (SAML Metadata 2.3.1)', async (_name, value, freshMs) => {
    const { get, world } = setUp(document(value));
    const first = await get();
    world.nowMs += freshMs * 0.8 - 1;
    await get();
    expect(world.fetches).toBe(1);
    world.nowMs += 1;
    expect(await get()).toBe(first);
    await settled();
    expect(world.fetches).toBe(2);
    expect(await get()).not.toBe(first);
  });

  it.each(['unreachable', 'timeout', 'too-large', 'refused-redirect'] as const)(
    'keeps the last good copy while the source fails (%s), and says so',
    async (failure) => {
      const { get, world } = setUp(document({ cacheDurationMs: HOUR_MS }));
      const first = await get();
      world.answer = failure;
      world.nowMs += 100 * HOUR_MS;
      expect(await get()).toBe(first);
      expect(world.failures).toBe(1);
    },
  );

  it.each([
    ['an error page', { status: 500 }],
    ['nothing', { status: 404 }],
    ['what is no metadata', { body: Buffer.from('<html>') }],
    ['text that is not UTF-8', { body: Buffer.from([0x7b, 0xff, 0x7d]) }],
    ['a document that is over', { body: Buffer.from(JSON.stringify({ validUntilMs: START - 1 })) }],
  ])('keeps the last good copy when %s comes', async (_name, answer) => {
    const { get, world } = setUp(document({}));
    const first = await get();
    world.answer = answer;
    world.nowMs += 7 * HOUR_MS;
    expect(await get()).toBe(first);
  });

  it('takes up the new document when the source is back', async () => {
    const { get, world } = setUp(document({}));
    const first = await get();
    world.answer = 'unreachable';
    world.nowMs += 7 * HOUR_MS;
    await get();
    world.answer = document({});
    world.nowMs += 10_000;
    await get();
    await settled();
    expect(await get()).not.toBe(first);
  });

  it('refuses every document past its validUntil, whether the source answers or not', async () => {
    const { get, world } = setUp(document({ validUntilMs: START + HOUR_MS }));
    await get();
    world.answer = 'unreachable';
    world.nowMs += HOUR_MS - 1;
    await get();
    world.nowMs += 1;
    await expect(get()).rejects.toMatchObject({ code: 'identity-provider-unreachable' });
    const { source } = setUp('unreachable');
    const xml = JSON.stringify({ validUntilMs: START });
    await expect(source({ metadata: { kind: 'document', xml } })).rejects.toMatchObject({
      code: 'identity-provider-unreachable',
    });
  });

  it('asks a source that failed at most every ten seconds', async () => {
    const { get, world } = setUp('unreachable');
    for (let call = 0; call < 5; call += 1)
      await expect(get()).rejects.toMatchObject({ code: 'identity-provider-unreachable' });
    expect(world.fetches).toBe(1);
    world.nowMs += 10_000;
    await expect(get()).rejects.toThrow();
    expect(world.fetches).toBe(2);
  });

  it.each([
    ['unreachable', 'identity-provider-unreachable'],
    ['timeout', 'identity-provider-unreachable'],
    ['refused-address', 'invalid-identity-token'],
    ['too-large', 'invalid-identity-token'],
  ] as const)('says of %s whether a retry could help: %s', async (failure, code) => {
    await expect(setUp(failure).get()).rejects.toMatchObject({ code });
  });
});
