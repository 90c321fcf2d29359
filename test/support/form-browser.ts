type Fields = Readonly<Record<string, string>>;

/** What a browser without scripts shows, and what somebody can press in it. */
export type Page = {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** The fields of all forms of the page by name; empty where there is none. */
  readonly fields: Fields;
};

export type FormBrowser = {
  /** Goes there and follows redirects, at most twenty. */
  readonly visit: (url: string) => Promise<Page>;
  /** Goes there with a form of another site. */
  readonly post: (url: string, fields: Fields) => Promise<Page>;
  /**
   * Presses the button of a form on the page.
   *
   * @param entered what was typed, and the button's own value
   * @param action how the form's action begins, as it is written or as a path; without it, the first one
   */
  readonly submit: (page: Page, entered?: Fields, action?: string) => Promise<Page>;
  /** Presses buttons as long as there is a form that carries a SAML message. */
  readonly submitSaml: (page: Page) => Promise<Page>;
  /** Another browser with the cookies of now: what a thief of them has. */
  readonly copy: () => FormBrowser;
  readonly cookies: () => readonly Cookie[];
  /** Keeps a cookie that somebody else set for the host of `url`, as other hosts of its domain can. */
  readonly take: (url: string, line: string) => void;
};

export type FormBrowserOptions = {
  /** Where a request is really sent: what a load balancer decides. */
  readonly route?: (url: string) => string;
};

const MOST_REDIRECTS = 20;

/** A browser that keeps cookies by host and path, as browsers do: whatever the port. */
export function createFormBrowser({ route = (url) => url }: FormBrowserOptions = {}): FormBrowser {
  return browserWith(new Map(), route);
}

function browserWith(jar: Jar, route: (url: string) => string): FormBrowser {
  const go = async (url: string, init: RequestInit, redirects: number): Promise<Page> => {
    const headers = { cookie: cookiesFor(url, jar), accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const response = await fetch(route(url), { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) keep(line, url, jar);
    const location = response.headers.get('location');
    if (location !== null && redirects > 0) return go(new URL(location, url).href, {}, redirects - 1);
    const html = await response.text();
    return { url, status: response.status, html, fields: fieldsOf(html) };
  };
  const post: FormBrowser['post'] = (url, fields) =>
    go(url, { method: 'POST', body: new URLSearchParams(fields) }, MOST_REDIRECTS);
  const submit = (page: Page, entered: Fields = {}, begin = ''): Promise<Page> => {
    const { target, content } = formOn(page, begin);
    return post(target, { ...fieldsOf(content), ...entered });
  };
  const submitSaml = async (page: Page): Promise<Page> => {
    const isSaml = 'SAMLResponse' in page.fields || 'SAMLRequest' in page.fields;
    return isSaml ? submitSaml(await submit(page)) : page;
  };
  return {
    visit: (url) => go(url, {}, MOST_REDIRECTS),
    post,
    submit,
    submitSaml,
    cookies: () => [...jar.values()],
    take: (url, line) => {
      keep(line, url, jar);
    },
    copy: () => browserWith(new Map(jar), route),
  };
}

/** Where a link of the page leads whose address begins so, as it is written; absolute. */
export function linkOn({ html, url }: Page, begin: string): string {
  const links = [...html.matchAll(/<a\b[^>]*>/g)].map(([tag]) => part(tag, 'href'));
  const found = links.find((href) => href.startsWith(begin));
  if (found === undefined) throw new Error(`no link to ${begin} on ${url}: ${links.join(' ')}`);
  return new URL(found, url).href;
}

/** A form without an action goes to the page's own address. */
function formOn({ html, url }: Page, begin: string): { readonly target: string; readonly content: string } {
  const forms = [...html.matchAll(/(<form\b[^>]*>)([^]*?)<\/form>/g)].map(([, tag = '', content = '']) => {
    const action = part(tag, 'action');
    return { action, target: new URL(action === '' ? url : action, url), content };
  });
  const found = forms.find(
    ({ action, target }) => action.startsWith(begin) || target.pathname.startsWith(begin),
  );
  return { target: found?.target.href ?? url, content: found?.content ?? '' };
}

type Cookie = {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
};
type Jar = Map<string, Cookie>;

function cookiesFor(url: string, jar: Jar): string {
  const { hostname, pathname } = new URL(url);
  return [...jar.values()]
    .filter(({ host, path }) => host === hostname && isBelow(pathname, path))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

/** @see RFC 6265 5.1.4 */
function isBelow(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

function keep(line: string, url: string, jar: Jar): void {
  const [pair = '', ...attributes] = line.split(';').map((one) => one.trim());
  const attribute = (name: string): string | undefined =>
    attributes.find((one) => one.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
  const { hostname: host, pathname } = new URL(url);
  const path = attribute('path') ?? pathname.slice(0, pathname.lastIndexOf('/') + 1);
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals);
  const key = `${host} ${path} ${name}`;
  const isGone = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '9999') <= Date.now();
  if (isGone) jar.delete(key);
  else jar.set(key, { host, path, name, value: pair.slice(equals + 1) });
}

function fieldsOf(html: string): Fields {
  const inputs = [...html.matchAll(/<input\b[^>]*>/g)].map(
    ([tag]) => [part(tag, 'name'), part(tag, 'value')] as const,
  );
  return Object.fromEntries(inputs.filter(([name]) => name !== ''));
}

function part(tag: string, name: string): string {
  return unescapeHtml(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#039;', "'")
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
