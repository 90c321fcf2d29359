import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { FederationError } from '../../../../src/domain/errors.ts';
import { checkFormToken, formTokenOf } from '../../../../src/http/middleware/form-token.ts';
import { createRandom } from '../../../../src/keys/random.ts';

const ORIGIN = 'https://sts.example.com';
const BROWSER = { secureTransport: true };
const random = createRandom();

type Request = { readonly cookie?: string; readonly origin?: string; readonly 'sec-fetch-site'?: string };

/** Koa's context of a request with these headers, and the cookies that it sets. */
function contextOf(headers: Request = {}) {
  const request = Object.assign(new IncomingMessage(new Socket()), { headers });
  const response = new ServerResponse(request);
  const cookies = (): readonly string[] => [response.getHeader('set-cookie') ?? []].flat().map(String);
  return { ctx: new Koa().createContext(request, response), cookies };
}

/** A browser with a page of ours open: its token and its cookie. */
function openPage(): { readonly token: string; readonly cookie: string } {
  const { ctx, cookies } = contextOf();
  const token = formTokenOf(ctx, BROWSER, { random });
  return { token, cookie: cookies()[0]?.split(';')[0] ?? '' };
}

function check(headers: Request, token: string, session: { readonly sessionSecret?: string } = {}): string {
  try {
    checkFormToken(contextOf(headers).ctx, token, { ...BROWSER, ...session, origin: ORIGIN });
    return 'taken';
  } catch (error) {
    if (error instanceof FederationError) return error.code;
    throw error;
  }
}

describe('the token of a form', () => {
  it('is of a cookie that no other host and no script can read or set', () => {
    const { ctx, cookies } = contextOf();
    formTokenOf(ctx, BROWSER, { random });
    expect(cookies()[0]).toMatch(
      /^__Host-rolebridge-form=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
  });

  it('stays the same for one browser, and another one has another', () => {
    const { token, cookie } = openPage();
    expect(formTokenOf(contextOf({ cookie }).ctx, BROWSER, { random })).toBe(token);
    expect(openPage().token).not.toBe(token);
  });

  it.each([
    ['by our page', { origin: ORIGIN, 'sec-fetch-site': 'same-origin' }],
    [
      'by our page, as browsers say it under no-referrer (Fetch 4.6)',
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ],
    ['by what says nothing of its origin', {}],
  ])('is taken when posted %s', (_, headers) => {
    const { token, cookie } = openPage();
    expect(check({ ...headers, cookie }, token)).toBe('taken');
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['our host by http', { origin: 'http://sts.example.com' }],
    ['another port', { origin: 'https://sts.example.com:8443' }],
    ['a frame of another site', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a sister host', { origin: 'null', 'sec-fetch-site': 'same-site' }],
    ['a list of origins', { origin: `${ORIGIN} https://evil.example` }],
  ])('is refused when posted by %s, right as it is', (_, headers) => {
    const { token, cookie } = openPage();
    expect(check({ ...headers, cookie }, token)).toBe('request-forged');
  });

  it('is refused where it is missing, cut, of another browser, or the cookie itself', () => {
    const { token, cookie } = openPage();
    for (const wrong of ['', token.slice(1), `${token}x`, openPage().token, cookie.split('=')[1] ?? ''])
      expect(check({ cookie }, wrong)).toBe('request-forged');
  });

  it('is refused without its cookie, and with two of them: one was planted', () => {
    const [mine, planted] = [openPage(), openPage()];
    expect(check({}, mine.token)).toBe('request-forged');
    expect(check({ cookie: `${mine.cookie}; ${planted.cookie}` }, mine.token)).toBe('request-forged');
  });

  it('is of the session where there is one: one from before the sign-in is worth nothing', () => {
    const { token, cookie } = openPage();
    const session = { sessionSecret: `${'s'.repeat(43)}A` };
    const signedIn = formTokenOf(contextOf({ cookie }).ctx, { ...BROWSER, ...session }, { random });
    expect(check({ cookie }, signedIn, session)).toBe('taken');
    expect(check({ cookie }, token, session)).toBe('request-forged');
    expect(check({ cookie }, signedIn, { sessionSecret: `${'t'.repeat(43)}A` })).toBe('request-forged');
  });
});
