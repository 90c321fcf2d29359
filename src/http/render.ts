import { readdirSync, readFileSync } from 'node:fs';
import { Eta } from 'eta/core';
import type { Context } from 'koa';
import type { AssetName, Assets } from './assets.ts';
import type { Branding } from './branding.ts';
import type { Language } from './language.ts';
import type { PageName, Pages } from './page-data.ts';
import { setSecurityHeaders, type FormTargets } from './security-headers.ts';
import { createTexts, type Texts } from './texts/texts.ts';

/** What every page shows around its own content. */
export type Layout = {
  readonly language: Language;
  /** Hidden in every form, as `form_token`. */
  readonly formToken: string;
  /** Who is signed in. */
  readonly person?: { readonly name: string; readonly provider: string };
};

export type PageOptions = {
  /** Default 200. */
  readonly status?: number;
  /**
   * Where the page's forms may lead, redirects included, which Chromium and Safari check as well; default: to us alone, except
   * for pages whose form always goes to a provider.
   */
  readonly formTargets?: FormTargets;
};

export type Page<N extends PageName> = {
  readonly name: N;
  readonly data: Pages[N];
  readonly layout: Layout;
  readonly options?: PageOptions;
};

/** The one door to `views/`: status, security headers and HTML. */
export type Renderer = <N extends PageName>(ctx: Context, page: Page<N>) => void;

export type RendererDeps = {
  readonly branding: Branding;
  readonly assets: Assets;
  /** Whether browsers reach us by https. */
  readonly secureTransport: boolean;
};

const VIEWS = new URL('../../views/', import.meta.url);
/** Names that templates use as they are. */
const IN_TEMPLATES = 'const { t, count, duration, time, iso, asset, brand, title, page, data } = it;';

/** How a page differs from others around its content. */
type Frame<D> = {
  /** Of the document and of its one `<h1>`. */
  readonly title: (data: D, texts: Texts, brand: string) => string;
  readonly width?: 'narrow' | 'wide';
  readonly scripts?: (data: D) => readonly AssetName[];
  readonly formTargets?: (data: D) => FormTargets;
};

// An application waits behind an interaction: its answer ends a chain of redirects that began at our form.
const onwards = ({ returnTo }: { readonly returnTo: string }): FormTargets =>
  returnTo.startsWith('/oidc/') ? 'anywhere' : [];

const PASSKEY_SCRIPTS = ['webauthn.js', 'passkey.js'] as const;

const FRAMES: { readonly [N in PageName]: Frame<Pages[N]> } = {
  'sign-in': {
    title: (_, { t }, brand) => t('sign-in.title', { brand }),
    // The form leads to the provider of the e-mail domain.
    formTargets: () => 'anywhere',
  },
  'post-message': {
    title: ({ purpose }, { t }) => t(`post-message.${purpose}.title`),
    scripts: () => ['post-message.js'],
    // A sign-in stays at the identity provider; a sign-out goes on to every service that it knows.
    formTargets: ({ purpose, action }) => (purpose === 'sign-in' ? [action] : 'anywhere'),
  },
  'mfa-verify': {
    title: ({ method }, { t }) => t(`mfa-verify.${method}.title`),
    scripts: ({ method }) => (method === 'passkey' ? PASSKEY_SCRIPTS : []),
    formTargets: onwards,
  },
  'mfa-add': { title: ({ first }, { t }) => t(first ? 'mfa-add.title.first' : 'mfa-add.title.more') },
  'mfa-add-totp': {
    title: (_, { t }) => t('mfa-add-totp.title'),
    scripts: () => ['copy.js'],
    formTargets: onwards,
  },
  'mfa-add-passkey': {
    title: (_, { t }) => t('mfa-add-passkey.title'),
    scripts: () => PASSKEY_SCRIPTS,
    formTargets: onwards,
  },
  'recovery-codes': {
    title: (_, { t }) => t('recovery-codes.title'),
    scripts: () => ['copy.js', 'print.js'],
    formTargets: onwards,
  },
  factors: { title: (_, { t }) => t('factors.title'), width: 'wide' },
  roles: { title: (_, { t }) => t('roles.title'), width: 'wide' },
  role: { title: ({ role }) => role.name, scripts: () => ['copy.js'] },
  credentials: {
    title: ({ role }, { t }) => t('credentials.title', { name: role.name }),
    width: 'wide',
    scripts: () => ['copy.js', 'countdown.js'],
  },
  sessions: { title: (_, { t }) => t('sessions.title'), width: 'wide' },
  'sign-out': { title: (_, { t }) => t('sign-out.title') },
  'signed-out': { title: (_, { t }) => t('signed-out.title') },
  consent: { title: ({ application }, { t }) => t('consent.title', { application }) },
  'device-code': { title: (_, { t }) => t('device-code.title') },
  'device-confirm': { title: (_, { t }) => t('device-confirm.title') },
  'device-done': { title: (_, { t }) => t('device-done.title') },
  'application-sign-out': { title: (_, { t }) => t('sign-out.title') },
  error: { title: ({ kind }, { t }) => t(`error.${kind}.title`), scripts: () => ['copy.js'] },
};

/** Compiles all templates; what is missing or misspelt in them shows now and not to the first person who comes by. */
export function createRenderer({ branding, assets, secureTransport }: RendererDeps): Renderer {
  const eta = loadTemplates();
  const textsOf = createTextSource();
  return (ctx, { name, data, layout, options = {} }) => {
    const frame: Frame<typeof data> = FRAMES[name];
    const words = textsOf(layout.language);
    const view = {
      ...words,
      iso: isoTime,
      asset: assets.path,
      brand: branding.name,
      title: frame.title(data, words, branding.name),
      page: { ...layout, name, width: frame.width ?? 'narrow', scripts: frame.scripts?.(data) ?? [] },
      data,
    };
    const body = eta.render(`@${name}`, view);
    ctx.body = eta.render('@layout', { ...view, body });
    ctx.status = options.status ?? 200;
    ctx.set('Content-Type', 'text/html; charset=utf-8');
    const formTargets = options.formTargets ?? frame.formTargets?.(data) ?? [];
    setSecurityHeaders(ctx, { secureTransport, formTargets });
  };
}

/** Formats of numbers and dates are slow to make, and a start that serves no page needs none. */
function createTextSource(): (language: Language) => Texts {
  const known = new Map<Language, Texts>();
  return (language) => {
    const texts = known.get(language) ?? createTexts(language);
    known.set(language, texts);
    return texts;
  };
}

function loadTemplates(): Eta {
  const eta = new Eta({ autoEscape: true, autoTrim: [false, 'nl'], functionHeader: IN_TEMPLATES });
  for (const folder of ['./', './partials/']) {
    const directory = new URL(folder, VIEWS);
    for (const file of readdirSync(directory).filter((entry) => entry.endsWith('.eta'))) {
      const text = readFileSync(new URL(file, directory), 'utf8');
      eta.loadTemplate(`@${file.slice(0, -'.eta'.length)}`, text);
    }
  }
  return eta;
}

function isoTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
