import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import { createProxyList } from '../../src/http/middleware/request-facts.ts';
import { mountMfa } from '../../src/http/mfa/mount-mfa.ts';
import type { PageName, Pages } from '../../src/http/page-data.ts';
import type { PageSurface } from '../../src/http/page-exchange.ts';
import type { Renderer } from '../../src/http/render.ts';
import { createFactorWorld, ORIGIN, type FactorWorld } from './factor-world.ts';

/** The pages of second factors on a socket, each as its data in JSON. */
export type FactorPages = {
  readonly world: FactorWorld;
  readonly browser: (cookie: string) => PageBrowser;
  readonly bugs: readonly unknown[];
  readonly stop: () => Promise<void>;
};

export type PageAnswer = {
  readonly status: number;
  readonly location: string | null;
  readonly headers: Headers;
  readonly page: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type PageBrowser = {
  /** The value of the session's cookie. */
  readonly secret: () => string;
  readonly get: (path: string) => Promise<PageAnswer>;
  /** Posts with the form token of the page that was last shown. */
  readonly post: (
    path: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<PageAnswer>;
};

const SESSION = '__Host-rolebridge-session';

const renderJson: Renderer = (ctx, { name, data, layout, options = {} }) => {
  ctx.status = options.status ?? 200;
  ctx.body = JSON.stringify({ name, data, formToken: layout.formToken });
};

export async function startFactorPages(
  given: Partial<Pick<PageSurface, 'mfaRequired'>> & { readonly passkeys?: 'work' | 'none' } = {},
): Promise<FactorPages> {
  const world = createFactorWorld(given);
  const bugs: unknown[] = [];
  const surface: PageSurface = {
    now: world.now,
    region: 'us-east-1',
    secureTransport: true,
    trustedProxies: createProxyList([]),
    publicUrl: ORIGIN,
    mfaRequired: given.mfaRequired ?? 'by-policy',
    mfaIssuerName: 'Acme',
    onBug: (error) => {
      bugs.push(error);
    },
  };
  const router = new Router();
  mountMfa(
    router,
    () => surface,
    () => ({ ...world.deps, render: renderJson, tellApplications: () => Promise.resolve() }),
  );
  const app = new Koa().use(router.routes());
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${portOf(server.address())}`;
  return {
    world,
    bugs,
    browser: (cookie) => createPageBrowser(base, cookie),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function createPageBrowser(base: string, cookie: string): PageBrowser {
  let secret = cookie;
  let formToken = '';
  const send = async (
    path: string,
    init: Pick<RequestInit, 'method' | 'body'> = {},
    given: Readonly<Record<string, string>> = {},
  ): Promise<PageAnswer> => {
    const headers = { ...given, cookie: `${SESSION}=${secret}` };
    const response = await fetch(base + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie())
      if (line.startsWith(`${SESSION}=`)) secret = line.slice(SESSION.length + 1, line.indexOf(';'));
    const shown = shownIn(await response.text());
    formToken = shown.formToken;
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      page: shown.name,
      data: shown.data,
    };
  };
  return {
    secret: () => secret,
    get: (path) => send(path),
    post: (path, fields = {}, headers = {}) => {
      const body = new URLSearchParams({ form_token: formToken, ...fields });
      return send(path, { method: 'POST', body }, { origin: ORIGIN, ...headers });
    },
  };
}

type Shown = {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly formToken: string;
};

function shownIn(text: string): Shown {
  const parsed: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  const all = new Map<string, unknown>(
    typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [],
  );
  const data = all.get('data');
  return {
    name: textOf(all.get('name')),
    data: typeof data === 'object' && data !== null ? { ...data } : {},
    formToken: textOf(all.get('formToken')),
  };
}

/** A text as it is; `''` for what is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** What a page must show: checked by the compiler. */
export function shows<N extends PageName>(page: N, data: Partial<Pages[N]> = {}): object {
  return { page, data };
}
