import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startApplicationSite, type ApplicationSite } from '../support/application-site.ts';
import {
  answered,
  authorize,
  codeRequest,
  passPages,
  redeem,
  signInTo,
  TELL_SIGN_IN,
  verifyToken,
  type CodeAnswer,
  type CodeRequest,
} from '../support/code-flow.ts';
import { createFormBrowser, type FormBrowser, type Page } from '../support/form-browser.ts';
import { enrolTotp, proveTotp } from '../support/second-factor.ts';
import { shiftClock } from '../support/test-clock.ts';

const clock = shiftClock();
let site: ApplicationSite;
beforeAll(async () => {
  site = await startApplicationSite();
}, 60_000);
afterAll(async () => {
  await site.stop();
  clock.restore();
});

const pathOf = ({ url }: Page): string => new URL(url).pathname;

/** The claims of the ID token that an answer of the browser brings. */
async function claimsOf(answer: CodeAnswer, at = site) {
  const { status, body } = await redeem(at, answer);
  expect([status, body.error]).toEqual([200, '']);
  const { payload } = await verifyToken(at, body.id_token, { audience: answer.request.client });
  return payload;
}

async function eventsOf(name: string) {
  const event = z.looseObject({
    eventName: z.string(),
    requestParameters: z.unknown(),
    userIdentity: z.unknown(),
  });
  const lines = await site.auditLines();
  return lines.map((line) => event.parse(JSON.parse(line))).filter(({ eventName }) => eventName === name);
}

describe('consent, which an application of somebody else needs', () => {
  const ask = async (browser: FormBrowser, person: string): Promise<readonly [CodeRequest, Page]> => {
    await signInTo(site, { browser, person }, ['web']);
    const request = await codeRequest(site, 'partner');
    return [request, await browser.visit(request.url)];
  };

  test('given leads to the application, once, and is in the trail', async () => {
    const browser = site.browser();
    const [request, page] = await ask(browser, 'dave-1');
    expect(page.html).toContain('Acme partner');
    const back = await browser.submit(page, { answer: 'allow' }, pathOf(page));
    expect(await claimsOf(answered(request, back))).toMatchObject({ name: 'Dave Example' });
    const again = await codeRequest(site, 'partner');
    expect(answered(again, await browser.visit(again.url)).answer.get('code')).not.toBeNull();
    expect((await eventsOf('AllowApplication')).at(-1)).toMatchObject({
      eventSource: 'oidc.rolebridge',
      requestParameters: { clientId: 'partner' },
      userIdentity: { userName: 'dave-1' },
    });
  });

  test.each([{ answer: 'deny' }, {}, { answer: 'Allow' }, { answer: 'allow ' }])(
    'refused by %j leads to the application without a code, and is in the trail',
    async (fields) => {
      const browser = site.browser();
      const [request, page] = await ask(browser, 'erin-1');
      const back = await browser.submit(page, { ...fields }, pathOf(page));
      const { answer } = answered(request, back);
      expect([answer.get('error'), answer.get('code')]).toEqual(['access_denied', null]);
      expect(answer.get('state')).toBe(request.state);
      expect((await eventsOf('DenyApplication')).at(-1)).toMatchObject({
        requestParameters: { clientId: 'partner' },
        userIdentity: { userName: 'erin-1' },
      });
    },
  );

  test('answered by no form of ours changes nothing', async () => {
    const browser = site.browser();
    const [request, page] = await ask(browser, 'frank-1');
    const before = (await eventsOf('AllowApplication')).length;
    const forged = await browser.post(page.url, { answer: 'allow', form_token: 'x' });
    expect(forged.status).toBe(403);
    expect(await eventsOf('AllowApplication')).toHaveLength(before);
    const back = await browser.submit(page, { answer: 'allow' }, pathOf(page));
    expect(answered(request, back).answer.get('code')).not.toBeNull();
  });
});

describe('max_age (OpenID Connect Core 3.1.2.1)', () => {
  const OLD = { max_age: '60', claims: TELL_SIGN_IN };

  test('is satisfied by a second factor, which takes less than a sign-in', async () => {
    const browser = site.browser();
    const first = await signInTo(site, { browser, person: 'grace-1' }, ['web']);
    const { secret } = await enrolTotp(browser, await browser.visit(`${site.publicUrl}/mfa/add`));
    clock.advance(10 * 60_000);
    const request = await codeRequest(site, 'web', OLD);
    const asked = await browser.visit(request.url);
    expect(pathOf(asked)).toBe('/mfa/verify');
    const claims = await claimsOf(answered(request, await proveTotp(browser, asked, secret)));
    expect(claims).toMatchObject({ sub: first.claims.sub, sid: first.claims['sid'] });
    expect(Number(claims['auth_time'])).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000) - 5);
  });

  test('is satisfied by a sign-in where there is no factor', async () => {
    const browser = site.browser();
    const first = await signInTo(site, { browser, person: 'heidi-1' }, ['web']);
    clock.advance(10 * 60_000);
    const request = await codeRequest(site, 'web', OLD);
    const asked = await browser.visit(request.url);
    expect(new URL(asked.url).origin).toBe(new URL(site.idp.issuer).origin);
    const back = await passPages(site, { browser, person: 'heidi-1' }, asked);
    const claims = await claimsOf(answered(request, back));
    expect(claims.sub).toBe(first.claims.sub);
    expect(claims['sid']).not.toBe(first.claims['sid']);
  });

  test('is satisfied already by a young sign-in', async () => {
    const browser = site.browser();
    await signInTo(site, { browser, person: 'heidi-1' }, ['web']);
    const request = await codeRequest(site, 'web', OLD);
    expect(answered(request, await browser.visit(request.url)).answer.get('code')).not.toBeNull();
  });
});

describe('id_token_hint (OpenID Connect Core 3.1.2.1)', () => {
  const hintOf = async (person: string): Promise<string> =>
    (await signInTo(site, { browser: site.browser(), person }, ['web'])).body.id_token;

  test('of somebody else leads to a sign-in, in which they are taken', async () => {
    const browser = site.browser();
    await signInTo(site, { browser, person: 'ivan-1' }, ['web']);
    const request = await codeRequest(site, 'web', { id_token_hint: await hintOf('judy-1') });
    const asked = await browser.visit(request.url);
    expect(new URL(asked.url).origin).toBe(new URL(site.idp.issuer).origin);
    const back = await passPages(site, { browser, person: 'judy-1' }, asked);
    expect(await claimsOf(answered(request, back))).toMatchObject({ name: 'Judy Example' });
  });

  test('of somebody else is refused to whoever signs in as themselves again', async () => {
    const browser = site.browser();
    await signInTo(site, { browser, person: 'ivan-1' }, ['web']);
    const request = await codeRequest(site, 'web', { id_token_hint: await hintOf('judy-1') });
    const back = await passPages(site, { browser, person: 'ivan-1' }, await browser.visit(request.url));
    const { answer } = answered(request, back);
    expect([answer.get('error'), answer.get('code')]).toEqual(['login_required', null]);
  });

  test('of somebody else with prompt=none is refused at once', async () => {
    const browser = site.browser();
    await signInTo(site, { browser, person: 'ivan-1' }, ['web']);
    const more = { id_token_hint: await hintOf('judy-1'), prompt: 'none' };
    const request = await codeRequest(site, 'web', more);
    expect(answered(request, await browser.visit(request.url)).answer.get('error')).toBe('login_required');
  });
});

test('login_hint fills in a form, and says nothing about who may sign in', async () => {
  const browser = site.browser();
  const request = await codeRequest(site, 'web', { login_hint: 'judy@acme.example' });
  const asked = await browser.visit(request.url);
  expect(new URL(asked.url).searchParams.get('login_hint')).toBe('judy@acme.example');
  const { answer } = answered(request, await passPages(site, { browser, person: 'ivan-1' }, asked));
  expect(answer.get('code')).not.toBeNull();
});

describe('two tabs of one browser', () => {
  /** A browser in which a tab can be held before it goes on to an address. */
  function heldBrowser(): { readonly browser: FormBrowser; readonly hold: (begin: string) => void } {
    let held = '';
    const route = (url: string): string => {
      if (held !== '' && url.startsWith(held)) throw new HeldTab(url);
      return url;
    };
    return {
      browser: createFormBrowser({ route }),
      hold: (begin) => {
        held = begin;
      },
    };
  }

  class HeldTab extends Error {
    readonly url: string;

    constructor(url: string) {
      super('the tab waits');
      this.url = url;
    }
  }

  /** Where a tab stopped. */
  async function heldAt(page: Promise<unknown>): Promise<string> {
    return page.then(
      () => {
        throw new Error('the tab went on');
      },
      (error: unknown) => {
        if (error instanceof HeldTab) return error.url;
        throw error;
      },
    );
  }

  test('in one of which somebody else signs in: the other goes on as them, by no page of the library', async () => {
    const { browser, hold } = heldBrowser();
    const request = await codeRequest(site, 'web');
    hold(`${site.publicUrl}/oidc/authorize/`);
    const resume = await heldAt(authorize(site, { browser, person: 'alice-1' }, request));
    hold('');
    await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
    const there = await passPages(
      site,
      { browser, person: 'bob-1' },
      await browser.visit(`${site.publicUrl}/signin?choose=yes`),
    );
    expect(there.status).toBe(200);
    const back = await browser.visit(resume);
    expect(await claimsOf(answered(request, back))).toMatchObject({ name: 'Bob Example' });
  });

  test('in one of which somebody signs out: the other brings no code', async () => {
    const { browser, hold } = heldBrowser();
    const request = await codeRequest(site, 'web');
    hold(`${site.publicUrl}/oidc/authorize/`);
    const resume = await heldAt(authorize(site, { browser, person: 'alice-1' }, request));
    hold('');
    await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
    const { answer } = answered(request, await browser.visit(resume));
    expect([answer.get('error'), answer.get('code')]).toEqual(['login_required', null]);
  });

  test('in one of which somebody else signs in: what was allowed in the other is nobody’s', async () => {
    const { browser, hold } = heldBrowser();
    const request = await codeRequest(site, 'partner');
    await signInTo(site, { browser, person: 'alice-1' }, ['web']);
    const page = await browser.visit(request.url);
    hold(`${site.publicUrl}/oidc/authorize/`);
    const resume = await heldAt(browser.submit(page, { answer: 'allow' }, pathOf(page)));
    hold('');
    await browser.submit(await browser.visit(`${site.publicUrl}/signout`), {}, '/signout');
    await passPages(
      site,
      { browser, person: 'bob-1' },
      await browser.visit(`${site.publicUrl}/signin?choose=yes`),
    );
    const back = await browser.visit(resume);
    expect(back.status).toBe(400);
    expect(back.url).toContain(site.publicUrl);
    expect(back.html).not.toContain('<script>');
  });
});

describe('where everybody must give a second factor (mfa.required: always)', () => {
  let strict: ApplicationSite;
  beforeAll(async () => {
    strict = await startApplicationSite({ extra: { mfa: { required: 'always' } } });
  }, 60_000);
  afterAll(() => strict.stop());

  test('an application gets nobody without one', async () => {
    const browser = strict.browser();
    const request = await codeRequest(strict, 'web', { claims: TELL_SIGN_IN });
    const { page: asked } = await authorize(strict, { browser }, request);
    expect(pathOf(asked)).toBe('/mfa/add');
    const silent = await codeRequest(strict, 'web', { prompt: 'none' });
    expect(answered(silent, await browser.visit(silent.url)).answer.get('error')).toBe(
      'interaction_required',
    );
    const { page } = await enrolTotp(browser, asked);
    expect(await claimsOf(answered(request, page), strict)).toMatchObject({
      acr: 'urn:rolebridge:acr:mfa',
    });
  });

  test('nor by consent, which comes after it', async () => {
    const browser = strict.browser();
    const { page } = await authorize(
      strict,
      { browser, person: 'bob-1' },
      await codeRequest(strict, 'partner'),
    );
    expect(pathOf(page)).toBe('/mfa/add');
  });
});
