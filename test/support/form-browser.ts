type Fields = Readonly<Record<string, string>>;

/** What a browser without scripts shows, and what somebody can press in it. */
type Page = {
  readonly url: string;
  readonly status: number;
  readonly html: string;
  /** The fields of all forms of the page by name; empty where there is none. */
  readonly fields: Fields;
};

export type FormBrowser = {
  /** Goes there and follows redirects, at most ten. */
  readonly visit: (url: string) => Promise<Page>;
  /**
   * Presses the button of a form on the page.
   *
   * @param entered what was typed, and the button's own value
   * @param action how the form's action begins; without it, the first one
   */
  readonly submit: (page: Page, entered?: Fields, action?: string) => Promise<Page>;
  /** Presses buttons as long as there is a form that carries a SAML message. */
  readonly submitSaml: (page: Page) => Promise<Page>;
};

/** A browser that keeps cookies by host, as browsers do: whatever the port. */
export function createFormBrowser(): FormBrowser {
  const jar = new Map<string, string>();
  const go = async (url: string, init: RequestInit, redirects: number): Promise<Page> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    const location = response.headers.get('location');
    if (location !== null && redirects > 0) return go(new URL(location, url).href, {}, redirects - 1);
    const html = await response.text();
    return { url, status: response.status, html, fields: fieldsOf(html) };
  };
  const submit = (page: Page, entered: Fields = {}, begin = ''): Promise<Page> => {
    const forms = [...page.html.matchAll(/<form\b[^>]*\baction="([^"]*)"[^>]*>([^]*?)<\/form>/g)];
    const [, action = '', content = ''] =
      forms.find(([, address = '']) => unescapeHtml(address).startsWith(begin)) ?? [];
    const body = new URLSearchParams({ ...fieldsOf(content), ...entered });
    return go(new URL(unescapeHtml(action), page.url).href, { method: 'POST', body }, 10);
  };
  const submitSaml = async (page: Page): Promise<Page> => {
    const isSaml = 'SAMLResponse' in page.fields || 'SAMLRequest' in page.fields;
    return isSaml ? submitSaml(await submit(page)) : page;
  };
  return { visit: (url) => go(url, {}, 10), submit, submitSaml };
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals);
  if (attributes.some((attribute) => /^\s*max-age=0/i.test(attribute))) jar.delete(name);
  else jar.set(name, pair.slice(equals + 1));
}

function fieldsOf(html: string): Fields {
  const inputs = [...html.matchAll(/<input\b[^>]*>/g)].map(
    ([tag]) => [part(tag, 'name'), part(tag, 'value')] as const,
  );
  return Object.fromEntries(inputs.filter(([name]) => name !== ''));
}

function part(tag: string, name: string): string {
  return unescapeHtml(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '');
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
