import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import { authorize, codeRequest, proofOf, signInTo } from '../support/code-flow.ts';
import type { ClientName } from '../support/application-config.ts';

let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(() => site.stop());

const allowedOf = ({ headers }: Response): string | null => headers.get('access-control-allow-origin');

/** Redeems a code as a script of `origin` would. */
async function redeemFrom(origin: string, client: ClientName): Promise<Response> {
  const request = await codeRequest(site, client);
  const { answer } = await authorize(site, { browser: site.browser() }, request);
  const { headers, fields } = await proofOf(site, client);
  return fetch(`${site.publicUrl}/oidc/token`, {
    method: 'POST',
    headers: { ...headers, origin },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.get('code') ?? '',
      redirect_uri: request.parameters['redirect_uri'] ?? '',
      code_verifier: request.verifier,
      ...fields,
    }),
  });
}

describe('scripts of other origins (Fetch 3.2)', () => {
  test('that are a public application get their tokens, without any cookie', async () => {
    const answer = await redeemFrom(site.server.url, 'spa');
    expect([answer.status, allowedOf(answer)]).toEqual([200, site.server.url]);
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
  });

  test.each(['https://evil.example', 'null', 'http://127.0.0.1'])(
    'that are at %s get nothing for it',
    async (origin) => {
      const answer = await redeemFrom(origin, 'spa');
      expect([answer.status, allowedOf(answer)]).toEqual([400, null]);
      expect(await answer.text()).not.toContain('access_token');
    },
  );

  test('that show the proof of an application with a secret get nothing: it has none in a browser', async () => {
    const answer = await redeemFrom(site.server.url, 'web');
    expect([answer.status, allowedOf(answer)]).toEqual([400, null]);
    expect(await answer.text()).not.toContain('access_token');
  });

  test('read userinfo with the token of a public application, and with no other one', async () => {
    const ask = async (client: ClientName, origin: string): Promise<Response> => {
      const { body } = await signInTo(site, { browser: site.browser() }, [client]);
      const headers = { origin, authorization: `Bearer ${body.access_token}` };
      return fetch(`${site.publicUrl}/oidc/userinfo`, { headers });
    };
    const own = await ask('spa', site.server.url);
    expect([own.status, allowedOf(own)]).toEqual([200, site.server.url]);
    for (const answer of [await ask('spa', 'https://evil.example'), await ask('web', site.server.url)]) {
      expect([answer.status, allowedOf(answer)]).toEqual([400, null]);
      expect(await answer.text()).not.toContain('alice');
    }
  });
});

describe('a preflight', () => {
  const ask = (path: string, method: string): Promise<Response> =>
    fetch(site.publicUrl + path, {
      method: 'OPTIONS',
      headers: {
        origin: site.server.url,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,dpop',
      },
    });

  test.each([
    ['/oidc/token', 'POST'],
    ['/oidc/userinfo', 'GET'],
    ['/oidc/revoke', 'POST'],
  ])('for %s says what may be sent, without cookies', async (path, method) => {
    const { status, headers } = await ask(path, method);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-methods')).toContain(method);
    expect(headers.get('access-control-allow-headers')).toContain('dpop');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('set-cookie')).toBeNull();
  });

  test.each(['/oidc/authorize', '/oidc/logout', '/oidc/logout/confirm', '/device', '/oidc/interaction/x'])(
    'for %s, where people are, allows no origin',
    async (path) => {
      expect(allowedOf(await ask(path, 'POST'))).toBeNull();
    },
  );
});
