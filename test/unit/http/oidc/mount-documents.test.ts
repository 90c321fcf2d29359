import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import type { PublicKeySet } from '../../../../src/domain/token/token-signer.ts';
import { mountDocuments } from '../../../../src/http/oidc/mount-documents.ts';

const KEY = { kid: 'k', alg: 'ES256', use: 'sig', kty: 'EC' } as const;

let publicKeys: () => Promise<PublicKeySet>;
let renders: number;
const app = new Koa();
const router = new Router();
const bugs: unknown[] = [];
app.on('error', (error) => bugs.push(error));
const discovery = { issuer: 'https://sts.acme.example', scopes: [], claims: ['sub'] };
mountDocuments(router, () => ({ discovery, publicKeys }));
app.use(router.routes());
const handle = app.callback();
const server = createServer((request, response) => void handle(request, response));
let url = '';

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}/oidc/jwks`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  renders = 0;
});

/** A key set that counts how often it is rendered. */
const counted = (): PublicKeySet => ({
  get keys() {
    renders += 1;
    return [KEY];
  },
});

test('renders a key set once, however often it is asked for, and the next one anew', async () => {
  const [one, two] = [counted(), { keys: [{ ...KEY, kid: 'k2' }] }];
  publicKeys = () => Promise.resolve(one);
  const first = await fetch(url);
  for (let asked = 0; asked < 5; asked += 1) expect((await fetch(url)).status).toBe(200);
  expect(renders).toBe(1);
  publicKeys = () => Promise.resolve(two);
  const second = await fetch(url);
  expect(await second.json()).toEqual({ keys: [{ ...KEY, kid: 'k2' }] });
  expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
});

test('keys that were never read are 503, which nobody keeps: an empty set would refuse every token', async () => {
  publicKeys = () => Promise.reject(new FederationError('store-unavailable', 'down'));
  const answer = await fetch(url);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('etag')).toBeNull();
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await answer.json()).toEqual({ error: 'temporarily_unavailable' });
});

test('a fault of ours tells nothing of it', async () => {
  publicKeys = () => Promise.reject(new Error('A sealed value names no key of the ring.'));
  const answer = await fetch(url);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('sealed');
  expect(bugs).toHaveLength(1);
});
