import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorldBridge, type WorldBridge } from '../support/world-bridge.ts';

let world: WorldBridge;
beforeAll(async () => {
  world = await startWorldBridge();
});
afterAll(async () => {
  await world.stop();
});

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const AWS = 'https://aws.amazon.com/iam';

async function whereTo(path: string, init: RequestInit = {}): Promise<string | null> {
  const answer = await fetch(world.url + path, { redirect: 'manual', ...init });
  return answer.headers.get('location');
}

it.each(['/', '/?utm_source=wiki'])('leads a browser that opens %s to the roles', async (path) => {
  expect(await whereTo(path, { headers: { accept: BROWSER } })).toBe('/roles');
});

it.each([
  ['a tool', '/', { headers: { accept: '*/*' } }, AWS],
  ['a tool, with its query', '/?Version=2011-06-15', {}, `${AWS}?Version=2011-06-15`],
  ['a form of a page', '/', { method: 'POST', headers: { accept: BROWSER } }, AWS],
  ['a browser, at the other address of STS', '/sts', { headers: { accept: BROWSER } }, AWS],
])('leads %s to where STS leads it', async (_, path, init, location) => {
  expect(await whereTo(path, init)).toBe(location);
});

it('answers an action at the root, whoever asks', async () => {
  const answer = await fetch(`${world.url}/?Action=GetCallerIdentity&Version=2011-06-15`, {
    headers: { accept: BROWSER },
    redirect: 'manual',
  });
  expect(answer.status).toBe(403);
});
