import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { AXE, AXE_TAGS } from './axe.ts';

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 800 };

/** Somebody with a browser of their own, whose console is listened to. */
export type Visit = {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Opens another tab. */
  readonly openTab: () => Promise<Page>;
  /** Checks the page by axe in both colour schemes, and that a phone need not scroll sideways: each page once in a run. */
  readonly look: (tab?: Page) => Promise<void>;
};

export type VisitOptions = BrowserContextOptions & {
  /** Whose pages are looked at: those of others may complain. */
  readonly site: string;
};

/** Lets somebody visit, and fails at the end where the console of one of our pages complained: of the policy, for example. */
export async function visit(
  browser: Browser,
  { site, ...options }: VisitOptions,
  use: (visit: Visit) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  const openTab = async (): Promise<Page> => {
    const page = await context.newPage();
    listen(page, { site, complaints });
    return page;
  };
  try {
    const page = await openTab();
    const script = options.javaScriptEnabled === false ? 'without scripts' : 'with scripts';
    await use({ page, context, openTab, look: (tab = page) => lookOnce(tab, { site, script }) });
    expect(complaints, 'of our pages in the console').toEqual([]);
  } catch (cause) {
    throw new Error(`${String(cause)}\n${await whereIn(context)}`, { cause });
  } finally {
    await context.close();
  }
}

/** What somebody would have seen when a step failed. */
async function whereIn(context: BrowserContext): Promise<string> {
  const tabs = context.pages().map(async (page) => `${page.url()}\n${await page.innerText('body')}`);
  return (await Promise.all(tabs)).join('\n\n');
}

type Listening = { readonly site: string; readonly complaints: string[] };

function listen(page: Page, { site, complaints }: Listening): void {
  const pages = new Set<string>();
  page.on('request', (request) => {
    if (request.isNavigationRequest()) pages.add(request.url());
  });
  page.on('console', (message) => {
    const { url } = message.location();
    // A page of ours that has the status of a refusal, as it should, is a complaint as well.
    const isRefusal = message.text().startsWith('Failed to load resource') && pages.has(url);
    if (message.type() === 'error' && url.startsWith(site) && !isRefusal)
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => {
    if (page.url().startsWith(site)) complaints.push(`${page.url()}: ${error.message}`);
  });
}

const seen = new Set<string>();

type Looking = { readonly site: string; readonly script: 'with scripts' | 'without scripts' };

async function lookOnce(page: Page, { site, script }: Looking): Promise<void> {
  expect(page.url().startsWith(site), `${page.url()} is not ours`).toBe(true);
  const name = `${await page.title()} ${new URL(page.url()).pathname.slice(0, 12)} ${script}`;
  if (seen.has(name)) return;
  seen.add(name);
  if (script === 'with scripts') await checkByAxe(page, name);
  else await onCopy(page, (copy) => checkByAxe(copy, name));
  await page.setViewportSize(PHONE);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect.soft(width, `${name} scrolls sideways`).toBeLessThanOrEqual(PHONE.width);
  await page.setViewportSize(DESK);
}

async function checkByAxe(page: Page, name: string): Promise<void> {
  // From the developer tools, whose scripts no policy hinders: so the page keeps its own.
  await page.evaluate(AXE);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const violations = await page.evaluate<string>(
      `axe.run(document, { runOnly: ${JSON.stringify(AXE_TAGS)}, resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' | ')).join('\\n'))`,
    );
    expect.soft(violations, `${name}, ${colorScheme}`).toBe('');
  }
}

/** axe needs scripts: it gets what was on the page without them, at the same address, and none of the page's own. */
async function onCopy(page: Page, use: (copy: Page) => Promise<void>): Promise<void> {
  const html = (await page.content()).replaceAll(/<script\b[^>]*><\/script>|<\/?noscript>/g, '');
  const context = await page.context().browser()?.newContext({ viewport: DESK, reducedMotion: 'reduce' });
  if (context === undefined) throw new Error('the browser is gone');
  const copy = await context.newPage();
  await copy.route(page.url(), (route) => route.fulfill({ body: html, contentType: 'text/html' }));
  await copy.goto(page.url());
  await use(copy);
  await context.close();
}
