import { errors } from 'oidc-provider';
import { beforeEach, describe, expect, it } from 'vitest';
import { createOidcAdapter } from '../../../../src/http/oidc/oidc-adapter.ts';
import { oauthRecordName } from '../../../../src/domain/application/oauth-record-name.ts';
import { createProviderWorld, type ProviderWorld } from './provider-world.ts';

const ID = 'a-name-that-the-library-gave';

let world: ProviderWorld;
let unreadable: unknown[];
beforeEach(() => {
  world = createProviderWorld();
  unreadable = [];
});

const adapterOf = (name: string, deps: Partial<ProviderWorld['deps']> = {}) =>
  createOidcAdapter({
    ...world.deps,
    ...deps,
    oauthRecords: world.store.oauthRecords,
    onUnreadable: (error) => unreadable.push(error),
  })(name);

describe('the storage of the library', () => {
  it('gives back what was kept, under a name that says nothing', async () => {
    const adapter = adapterOf('RefreshToken');
    await adapter.upsert(ID, { accountId: 'somebody', grantId: 'g' }, 60);
    expect(await adapter.find(ID)).toEqual({ accountId: 'somebody', grantId: 'g' });
    const kept = await world.store.oauthRecords.find({ kind: 'RefreshToken', id: oauthRecordName(ID) });
    expect(Buffer.from(kept?.sealed ?? []).toString('latin1')).not.toContain('somebody');
    expect(await world.store.oauthRecords.find({ kind: 'RefreshToken', id: ID })).toBeUndefined();
    expect(oauthRecordName(ID)).toMatch(/^[\w-]{43}$/);
  });

  it('forgets at the end of the lifetime', async () => {
    const adapter = adapterOf('AuthorizationCode');
    await adapter.upsert(ID, {}, 60);
    world.clock.now += 61_000;
    expect(await adapter.find(ID)).toBeUndefined();
  });

  it('knows a device code for a while after its end, so that it can be told (RFC 8628 3.5)', async () => {
    const adapter = adapterOf('DeviceCode');
    await adapter.upsert(ID, { userCode: 'BCDFGHJK' }, 60);
    world.clock.now += 61_000;
    expect(await adapter.findByUserCode('BCDFGHJK')).toEqual({ userCode: 'BCDFGHJK' });
    world.clock.now += 600_000;
    expect(await adapter.findByUserCode('BCDFGHJK')).toBeUndefined();
  });

  it('opens a record under its own name and kind alone', async () => {
    await adapterOf('AccessToken').upsert(ID, { scope: 'openid' }, 60);
    const kept = await world.store.oauthRecords.find({ kind: 'AccessToken', id: oauthRecordName(ID) });
    if (kept === undefined) throw new Error('nothing was kept');
    await world.store.oauthRecords.save({ ...kept, id: oauthRecordName('other') });
    await world.store.oauthRecords.save({ ...kept, kind: 'RefreshToken' });
    expect(await adapterOf('AccessToken').find('other')).toBeUndefined();
    expect(await adapterOf('RefreshToken').find(ID)).toBeUndefined();
    expect(unreadable).toHaveLength(2);
  });

  it('takes a record that does not open for none, and says so', async () => {
    await adapterOf('RefreshToken').upsert(ID, {}, 60);
    const openSecret = (): never => {
      throw new Error('no such key in the ring');
    };
    expect(await adapterOf('RefreshToken', { openSecret }).find(ID)).toBeUndefined();
    expect(unreadable).toEqual([new Error('no such key in the ring')]);
  });

  it('finds no client but those of the configuration, and keeps none', async () => {
    const clients = adapterOf('Client');
    expect(await clients.find('somebody')).toBeUndefined();
    await expect(clients.upsert('somebody', {}, 60)).rejects.toThrow('nothing of this kind is kept');
  });
});

describe('something that is used once', () => {
  const GRANT = 'a-grant';
  const used = async (name: string) => {
    const adapter = adapterOf(name);
    await adapterOf('Grant').upsert(GRANT, {}, 600);
    await adapterOf('AccessToken').upsert('issued', { grantId: GRANT }, 600);
    await adapter.upsert(ID, { grantId: GRANT }, 600);
    return adapter;
  };

  it('is marked with when that was', async () => {
    const adapter = await used('RefreshToken');
    await adapter.consume(ID);
    expect(await adapter.find(ID)).toMatchObject({ consumed: Math.floor(world.clock.now / 1000) });
    expect(await adapterOf('AccessToken').find('issued')).toBeDefined();
  });

  it.each(['AuthorizationCode', 'RefreshToken', 'DeviceCode'])(
    'ends all of its grant where two parties use it at once: %s (RFC 9700 4.14.2)',
    async (name) => {
      const adapter = await used(name);
      const outcomes = await Promise.allSettled([1, 2, 3].map(() => adapter.consume(ID)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(errors.InvalidGrant);
      expect(await adapterOf('AccessToken').find('issued')).toBeUndefined();
      expect(await adapterOf('Grant').find(GRANT)).toBeUndefined();
    },
  );

  it('is refused where it is gone', async () => {
    await expect(adapterOf('RefreshToken').consume('never')).rejects.toBeInstanceOf(errors.InvalidGrant);
  });

  it('is refused in the words of pushed requests where it is one (RFC 9126 4)', async () => {
    const adapter = adapterOf('PushedAuthorizationRequest');
    await adapter.upsert(ID, {}, 60);
    await adapter.consume(ID);
    await expect(adapter.consume(ID)).rejects.toBeInstanceOf(errors.InvalidRequestUri);
  });

  it.each([
    ['AuthorizationCode', 'authorization-code'],
    ['RefreshToken', 'refresh-token'],
    ['DeviceCode', 'device-code'],
  ])('is noted for the trail when it comes again: %s', async (name, reused) => {
    const adapter = await used(name);
    const noted = (run: () => Promise<unknown>) =>
      world.ask(async (scope) => {
        await run().catch(() => undefined);
        return scope.reused;
      });
    expect(await noted(() => adapter.find(ID))).toBeUndefined();
    expect(await noted(() => adapter.consume(ID))).toBeUndefined();
    expect(await noted(() => adapter.find(ID))).toBe(reused);
    expect(await noted(() => adapter.consume(ID))).toBe(reused);
  });

  it('is not noted of anything else', async () => {
    const adapter = adapterOf('PushedAuthorizationRequest');
    await adapter.upsert(ID, {}, 60);
    await adapter.consume(ID);
    const reused = await world.ask(async (scope) => {
      await adapter.find(ID);
      return scope.reused;
    });
    expect(reused).toBeUndefined();
  });
});

describe('a proof that works once (RFC 9449 11.1, RFC 7523 3)', () => {
  it('is taken once, of any number of parties at once', async () => {
    const adapter = adapterOf('ReplayDetection');
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => adapter.upsert(ID, {}, 60)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await adapter.find(ID)).toBeDefined();
  });

  it('is refused again later, too', async () => {
    const adapter = adapterOf('ReplayDetection');
    await adapter.upsert(ID, {}, 60);
    await expect(adapter.upsert(ID, {}, 60)).rejects.toBeInstanceOf(errors.InvalidRequest);
    await adapter.upsert('another', {}, 60);
  });
});
