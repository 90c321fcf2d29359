import { afterAll, expect, it } from 'vitest';
import { changesBetween } from '../../../src/config/changes.ts';
import { BASE, createConfigFolder } from './config-folder.ts';

const { configOf, remove } = createConfigFolder();
afterAll(remove);

const NOTHING = { added: [], removed: [] };

it('names the applications and services that came and went, by client id and audience', () => {
  const withNames = (clientId: string, audience: string) =>
    configOf(`${BASE}applications: [{ clientId: ${clientId}, grants: [token_exchange] }]
services: [{ name: s, account: '123456789012', audience: ${audience} }]`);
  expect(changesBetween(withNames('a', 'x'), withNames('b', 'y'))).toEqual({
    roles: NOTHING,
    users: NOTHING,
    providers: NOTHING,
    applications: { added: ['b'], removed: ['a'] },
    services: { added: ['y'], removed: ['x'] },
    needRestart: [],
  });
});
