import { once } from 'node:events';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAssets } from '../../src/http/assets.ts';
import type { Branding } from '../../src/http/branding.ts';
import { LANGUAGES } from '../../src/http/language.ts';
import { createRenderer, type PageOptions } from '../../src/http/render.ts';
import { SAMPLE_PAGES, SAMPLE_TIME_MS } from '../support/sample-pages.ts';
import { SAMPLE_BRANDING, samplePath, startSampleSite, type SampleSite } from '../support/sample-site.ts';

const BUDGET_BYTES = 30_000;

let site: SampleSite;
beforeAll(async () => {
  site = await startSampleSite();
});
afterAll(async () => {
  await site.stop();
});

async function load(path: string, language = 'en'): Promise<{ response: Response; html: string }> {
  const response = await fetch(site.url + path, { headers: { 'accept-language': language } });
  return { response, html: await response.text() };
}

function tags(html: string, name: string): readonly string[] {
  return html.match(new RegExp(`<${name}[\\s>][^>]*>?`, 'g')) ?? [];
}

function assetsIn(html: string): readonly string[] {
  return [...new Set([...html.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? ''))];
}

const titles = SAMPLE_PAGES.map(({ title }) => title);

describe.each(LANGUAGES)('every page in %s', (language) => {
  it.each(titles)('%s', async (title) => {
    const { response, html } = await load(samplePath(title), language);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toMatch(new RegExp(`^<!doctype html>\\n<html lang="${language}" dir="ltr">`));
    expect(tags(html, 'title')).toHaveLength(1);
    expect(tags(html, 'h1')).toHaveLength(1);
    expect(tags(html, 'main')).toHaveLength(1);
    expect(html).toContain('<a class="skip" href="#main">');
    expect(html, 'holes and slips').not.toMatch(/\{\w+\}|undefined|NaN|\[object|Invalid Date/);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('every page', () => {
  it.each(titles)('takes at most 30 kB with all that it loads: %s', async (title) => {
    const { html } = await load(samplePath(title));
    const assets = await Promise.all(
      assetsIn(html).map(async (path) => (await fetch(site.url + path)).arrayBuffer()),
    );
    const bytes = Buffer.byteLength(html) + assets.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it.each(titles)(
    'has nothing inline that the policy would stop, and loads from here alone: %s',
    async (title) => {
      const { html } = await load(samplePath(title));
      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc="\/assets\/)/i);
      expect(html).not.toMatch(/<(?:img|link|script)[^>]*(?:src|href)="(?!\/assets\/)/);
      expect(tags(html, 'script').every((tag) => tag.includes(' defer'))).toBe(true);
    },
  );

  it.each(titles)('lets only its own forms post, and tells its token to nobody else: %s', async (title) => {
    const { html } = await load(samplePath(title));
    const forms = html.match(/<form[\s\S]*?<\/form>/g) ?? [];
    for (const form of forms) {
      // A form without an action posts to its own page.
      const ours = /^<form method="post"(?:>| action="\/(?!\/))/.test(form);
      expect(form.includes('name="form_token" value="sample-form-token"'), form).toBe(ours);
    }
    const hrefs = [...html.matchAll(/(?:href|action)="([^"]*)"/g)].map(([, href]) => href ?? '');
    expect(hrefs.filter((href) => href.includes('sample-form-token'))).toEqual([]);
  });

  it.each(titles)('names each field, and points at what exists: %s', async (title) => {
    const { html } = await load(samplePath(title));
    const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    const pointers = [...html.matchAll(/\s(?:for|aria-describedby|data-copy)="([^"]+)"/g)];
    for (const [, targets = ''] of pointers) for (const id of targets.split(' ')) expect(ids).toContain(id);
  });
});

describe('headers', () => {
  it('are on every page', async () => {
    const { response } = await load(samplePath('roles'));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(response.headers.get('permissions-policy')).toContain('publickey-credentials-get=(self)');
    expect(response.headers.get('strict-transport-security')).toBeNull();
  });

  it('leave the target of a form open where an e-mail address decides it', async () => {
    const { response } = await load(samplePath('sign-in'));
    expect(response.headers.get('content-security-policy')).not.toContain('form-action');
  });

  it('name the identity provider that a message is passed on to, by its origin', async () => {
    const { response } = await load(samplePath('post-message: sign-in'));
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/; form-action 'self' https:\/\/idp\.example\.com$/);
  });

  it.each([
    [{}, "form-action 'self'"],
    [
      { formTargets: ['https://a.example/x?y', 'https://b.example:8443'] },
      "form-action 'self' https://a.example https://b.example:8443",
    ],
    [
      { formTargets: ['https://a.example/;script-src *', 'https://a.example/ b'] },
      "form-action 'self' https://a.example",
    ],
    [{ formTargets: ['data:text/html,x', 'urn:x'] }, "form-action 'self'"],
    [{ formTargets: 'anywhere' }, undefined],
  ] satisfies [PageOptions, string | undefined][])(
    'let a form of %j go to %s',
    async (options, directive) => {
      const headers = await headersOf({ options });
      expect(directivesOf(headers).find((text) => text.startsWith('form-action'))).toBe(directive);
    },
  );

  it('tell browsers to stay with https where that is how they reach us (RFC 6797 7.2)', async () => {
    const headers = await headersOf({ secureTransport: true });
    expect(headers.get('strict-transport-security')).toBe('max-age=63072000');
  });

  it('carry the status that was asked for', async () => {
    expect((await answerOf({ options: { status: 403 } })).status).toBe(403);
  });
});

describe('what people and providers are called', () => {
  const HOSTILE = `"><script src=//x></script>'&{t}<%= 1 %>`;

  it('stays text wherever it is shown', async () => {
    const html = await (await answerOf({ name: HOSTILE })).text();
    expect(html).not.toContain('<script src=//x');
    expect(html).toContain('&quot;&gt;&lt;script src=//x&gt;&lt;/script&gt;&#39;&amp;{t}&lt;%= 1 %&gt;');
  });

  it('stays text in what was searched for', async () => {
    const { html } = await load(samplePath('roles: nothing found'));
    expect(html).toContain('“&lt;b&gt;&amp;&quot;x”');
    expect(html).toContain('value="&lt;b&gt;&amp;&quot;x"');
  });

  it('cannot leave a path: an ARN is one segment of it', async () => {
    const { html } = await load(samplePath('role'));
    expect(html).toContain('action="/roles/arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpeople%2FDeveloper"');
  });
});

describe('assets', () => {
  it('may be kept for ever, since their paths change with them', async () => {
    const { html } = await load(samplePath('mfa-verify: passkey'));
    expect(assetsIn(html)).toHaveLength(4);
    for (const path of assetsIn(html)) {
      expect(path).toMatch(/^\/assets\/[a-z-]+\.[0-9a-f]{16}\.(css|js|svg)$/);
      const response = await fetch(site.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(response.headers.get('content-type')).toMatch(
        /^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/,
      );
    }
  });

  it.each([
    '/assets/style.css',
    '/assets/style.0000000000000000.css',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e%2flayout.eta',
    '/assets/__proto__',
    '/assets/constructor',
    `/assets/${'a'.repeat(5_000)}`,
  ])('are nothing but themselves: not %s', async (path) => {
    const response = await fetch(site.url + path);
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('have the accent and the logo of the installation', () => {
    const bytes = Buffer.from('a logo');
    const plain = createAssets(SAMPLE_BRANDING);
    const own = createAssets({
      name: 'Acme',
      accent: { light: '#0a5c36', dark: '#0abc36' },
      logo: { mediaType: 'image/png', bytes },
    });
    expect(own.path('style.css')).not.toBe(plain.path('style.css'));
    const style = Buffer.from(own.find(own.path('style.css'))?.bytes ?? []).toString();
    expect(style).toMatch(/^:root\{--accent:#0a5c36;--accent-dark:#0abc36\}/);
    expect(own.path('mark')).toMatch(/\.png$/);
    expect(own.find(own.path('mark'))).toEqual({ mediaType: 'image/png', bytes });
    expect(own.find(plain.path('mark'))).toBeUndefined();
  });
});

type Question = {
  readonly options?: PageOptions;
  readonly secureTransport?: boolean;
  readonly name?: string;
};

async function headersOf(question: Question): Promise<Headers> {
  return (await answerOf(question)).headers;
}

/** A page of its own making, over a socket. */
async function answerOf({
  options = {},
  secureTransport = false,
  name = 'Ada',
}: Question): Promise<Response> {
  const branding: Branding = { ...SAMPLE_BRANDING, name: 'Acme' };
  const render = createRenderer({ branding, assets: createAssets(branding), secureTransport });
  const app = new Koa();
  app.use((ctx) => {
    const layout = { language: 'en', formToken: 'token', person: { name, provider: name } } as const;
    const data = { roleSessions: 0, provider: name };
    render(ctx, { name: 'sign-out', data, layout, options });
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const response = await fetch(`http://127.0.0.1:${port ?? 0}/`);
    return new Response(await response.text(), response);
  } finally {
    server.close();
  }
}

function directivesOf(headers: Headers): readonly string[] {
  return (headers.get('content-security-policy') ?? '').split('; ');
}

it('tells times in UTC and for machines, too', async () => {
  const { html } = await load(samplePath('error: forged'));
  expect(html).toContain('<time datetime="2026-11-22T14:05:30Z">22 Nov 2026, 14:05 UTC</time>');
  expect(SAMPLE_TIME_MS).toBe(Date.parse('2026-11-22T14:05:30Z'));
});

it('keeps the purpose of a second factor when another way is chosen', async () => {
  const forRole = await load(samplePath('mfa-verify'));
  expect(forRole.html).toMatch(
    /\/mfa\/verify\?method=passkey&amp;return_to=%2Froles%2F[^"]*&amp;role=ProductionAdmin"/,
  );
  expect(forRole.html).toContain('<input type="hidden" name="role" value="ProductionAdmin">');
  const forChange = await load(samplePath('mfa-verify: recovery code'));
  expect(forChange.html).toMatch(/\/mfa\/verify\?method=totp&amp;return_to=[^"]*&amp;reason=manage"/);
});

it('comes back to what was searched for after a star', async () => {
  const { html } = await load(samplePath('roles: found'));
  expect(html).toContain('<input type="hidden" name="return_to" value="/roles?q=prod">');
});

describe('pages of applications', () => {
  it('name an application and its address as text, whatever they are', async () => {
    for (const title of ['consent', 'device-confirm', 'application-sign-out']) {
      const { html } = await load(samplePath(`${title}: hostile names`));
      expect(html).not.toContain('<b>');
      expect(html).toContain('Rolebridge&quot;&gt;&lt;b&gt;&amp;&#39;Verylong');
    }
  });

  it('say where the browser goes next, since a name can be anybody’s', async () => {
    const { html } = await load(samplePath('consent'));
    expect(html).toContain('<strong class="address">https://wiki.acme.example</strong>');
  });

  it.each([
    ['consent', '<button name="answer" value="allow">', '<button name="answer" value="deny">'],
    ['device-confirm', '<button name="confirm" value="yes">', '<button name="abort" value="yes">'],
  ])('offer to refuse as prominently as to allow: %s (RFC 8628 5.4)', async (title, allow, deny) => {
    const { html } = await load(samplePath(title));
    const buttons = html.match(/<button[^>]*>/g);
    expect(buttons).toEqual([allow, deny]);
  });

  it('ask before a code opens anything, and carry what the answer needs (RFC 8628 3.3)', async () => {
    const { html } = await load(samplePath('device-confirm'));
    for (const field of ['name="xsrf" value="sample-xsrf"', 'name="user_code" value="BCDF-GHJK"'])
      expect(html).toContain(`<input type="hidden" ${field}>`);
    for (const told of ['curl on Linux', '2001:db8:85a3::8a2e:370:7334', '22 Nov 2026, 14:03 UTC'])
      expect(html).toContain(told);
  });

  it('say all that an application gets, also on a device, where nothing else may ask', async () => {
    const consent = await load(samplePath('consent'));
    const device = await load(samplePath('device-confirm'));
    for (const { html } of [consent, device])
      for (const told of ['a fixed identifier of yours', '<code>orders:read</code>', 'while you are away'])
        expect(html).toContain(told);
    expect(consent.html).toContain('<code>department</code>');
    const nothing = await load(samplePath('device-confirm: hostile names'));
    expect(nothing.html).not.toMatch(/It learns|It may/);
  });

  it('take a code however it is written: no length, no pattern, one field', async () => {
    const { html } = await load(samplePath('device-code'));
    const [field = '', ...others] = html.match(/<input(?! type="hidden")[^>]*>/g) ?? [];
    expect(others).toEqual([]);
    expect(field).toContain('autocapitalize="characters"');
    expect(field).not.toMatch(/maxlength|pattern|minlength/);
  });

  it('call a denial no problem', async () => {
    const denied = await load(samplePath('device-code: denied'));
    const unknown = await load(samplePath('device-code: unknown'));
    expect(denied.html).toContain('<title>Sign in on a device – Rolebridge</title>');
    expect(unknown.html).toContain('<title>Problem: Sign in on a device – Rolebridge</title>');
  });

  it('say which applications go on after a sign-out', async () => {
    const { html } = await load(samplePath('application-sign-out'));
    expect(html).toMatch(/ends your session at[^]*Orders[^]*may go on without you[^]*Acme CLI/);
    const nobody = await load(samplePath('application-sign-out: nobody in particular'));
    expect(nobody.html).not.toContain('may go on');
  });

  it('sign out by an answer, and stay by another', async () => {
    const { html } = await load(samplePath('application-sign-out'));
    expect(html.match(/<button[^>]*>/g)).toEqual([
      '<button class="primary" name="logout" value="yes">',
      '<button>',
    ]);
  });
});
