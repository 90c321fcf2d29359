import type { Context } from 'koa';
import type { Language } from './language.ts';
import type { PageName, Pages } from './page-data.ts';

/** What an installation may choose of the pages' looks. */
export type Branding = {
  /** Stands where Rolebridge would. */
  readonly name: string;
  /** `#rrggbb`; dark against white (4.5:1), which the configuration checks. */
  readonly accent?: string;
  readonly logo?: { readonly mediaType: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array };
};

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
   * Where the page's forms may lead, redirects included, which Chromium and Safari check as well; default: to us alone.
   * `anywhere`: to providers that nobody can name beforehand.
   */
  readonly formTargets?: readonly string[] | 'anywhere';
};

export type Page<N extends PageName> = {
  readonly name: N;
  readonly data: Pages[N];
  readonly layout: Layout;
  readonly options?: PageOptions;
};

/** The one door to `views/`: status, security headers and HTML. */
export type Renderer = <N extends PageName>(ctx: Context, page: Page<N>) => void;
