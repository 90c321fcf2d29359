import { describe, expect, it } from 'vitest';
import {
  createExchangedTokens,
  type ExchangedTokens,
} from '../../../../src/domain/application/exchanged-tokens.ts';
import type { OauthRecord } from '../../../../src/domain/application/oauth-record-store.ts';
import type { ExchangeOrigin } from '../../../../src/domain/federation/exchange-subject.ts';
import { makeIdentity, makeSamlIdentity, NOW_MS } from '../federation/person-world.ts';

type Written = Omit<OauthRecord, 'consumedAtMs'>;

function create(
  records = new Map<string, Written>(),
): ExchangedTokens & { readonly records: Map<string, Written> } {
  const tokens = createExchangedTokens({
    store: {
      save: (record) => Promise.resolve(void records.set(record.id, record)),
      find: ({ id }) => Promise.resolve(records.get(id)),
    },
    seal: (text, context) => Buffer.from(`${context}\n${text}`),
    openSecret: (sealed, context) => {
      const [at, text = ''] = Buffer.from(sealed).toString().split('\n');
      if (at !== context) throw new Error('sealed for another record');
      return text;
    },
  });
  return { ...tokens, records };
}

describe('the origins of exchanged tokens', () => {
  it.each<[string, ExchangeOrigin]>([
    ['a proof', { kind: 'proof', identity: makeIdentity({ groups: ['a', 'b'] }, { tags: { a: 'b' } }) }],
    ['an assertion', { kind: 'proof', identity: makeSamlIdentity({ Role: ['x', 'y'] }) }],
    ['credentials of a role', { kind: 'role-session', accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }],
  ])('come back whole for %s', async (_, origin) => {
    const tokens = create();
    await tokens.save('token-1', origin, NOW_MS);
    expect(await tokens.find('token-1')).toEqual(origin);
    expect(await tokens.find('token-2')).toBeUndefined();
  });

  it('stand under a hash, for as long as the token lives', async () => {
    const { records, save } = create();
    await save('token-1', { kind: 'role-session', accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }, NOW_MS);
    expect([...records.values()]).toMatchObject([{ kind: 'ExchangedToken', expiresAtMs: NOW_MS }]);
    expect([...records.keys()].join()).toMatch(/^[\w-]{43}$/);
  });

  it('open under no other token’s name', async () => {
    const { records, save, find } = create();
    const origin = { kind: 'role-session', accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' } as const;
    await save('token-1', origin, NOW_MS);
    await save('token-2', origin, NOW_MS);
    const [one, two] = [...records.values()];
    if (one && two) records.set(two.id, { ...one, id: two.id });
    expect(await find('token-2')).toBeUndefined();
  });

  it('are not there where something else was sealed', async () => {
    const { records, save, find } = create();
    await save('token-1', { kind: 'role-session', accessKeyId: 'A' }, NOW_MS);
    const [id = ''] = records.keys();
    const sealed = Buffer.from(`oauth:ExchangedToken:${id}\n{"kind":"role-session","accessKeyId":1}`);
    records.set(id, { kind: 'ExchangedToken', id, sealed, expiresAtMs: NOW_MS });
    expect(await find('token-1')).toBeUndefined();
  });
});
