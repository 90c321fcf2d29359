import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type Router from '@koa/router';
import type { Branding } from './branding.ts';

type Asset = { readonly mediaType: string; readonly bytes: Uint8Array };

const ASSET_NAMES = [
  'style.css',
  'copy.js',
  'countdown.js',
  'passkey.js',
  'post-message.js',
  'print.js',
  'webauthn.js',
  'mark',
] as const;
/** `mark` is the logo, or ours. */
export type AssetName = (typeof ASSET_NAMES)[number];

/** What pages load, held in memory. */
export type Assets = {
  /** Path with a hash of the content, so that browsers may keep it for ever. */
  readonly path: (name: AssetName) => string;
  readonly size: (name: AssetName) => number;
  readonly find: (path: string) => Asset | undefined;
};

const VIEWS = new URL('../../views/assets/', import.meta.url);
const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/css; charset=utf-8': 'css',
  'text/javascript; charset=utf-8': 'js',
  'image/svg+xml': 'svg',
  'image/png': 'png',
};
const A_YEAR_SECONDS = 31_536_000;

/** Reads all assets once; the stylesheet gets the accent, so that no page needs a style of its own. */
export function createAssets(branding: Branding): Assets {
  const assets = new Map(ASSET_NAMES.map((name) => [name, loadAsset(name, branding)]));
  const paths = new Map([...assets].map(([name, asset]) => [name, pathOf(name, asset)]));
  const byPath = new Map([...assets].map(([name, asset]) => [paths.get(name), asset]));
  return {
    path: (name) => paths.get(name) ?? '',
    size: (name) => assets.get(name)?.bytes.length ?? 0,
    find: (path) => byPath.get(path),
  };
}

/** `/assets/{name}.{hash}.{extension}`. */
export function mountAssets(router: Router, assets: () => Assets): void {
  router.get('/assets/:file', (ctx) => {
    const asset = assets().find(ctx.path);
    ctx.set('X-Content-Type-Options', 'nosniff');
    // A logo is a document, too, when it is opened by itself: nothing in it may run or load.
    ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
    ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
    if (asset === undefined) {
      ctx.status = 404;
      ctx.set('Cache-Control', 'no-store');
      return;
    }
    ctx.set('Content-Type', asset.mediaType);
    ctx.set('Cache-Control', `public, max-age=${A_YEAR_SECONDS}, immutable`);
    ctx.body = Buffer.from(asset.bytes);
  });
}

function loadAsset(name: AssetName, { accent, logo }: Branding): Asset {
  if (name === 'mark')
    return logo ?? { mediaType: 'image/svg+xml', bytes: readFileSync(new URL('mark.svg', VIEWS)) };
  if (name === 'webauthn.js') return script(readFileSync(webauthnBundle()));
  const bytes = readFileSync(new URL(name, VIEWS));
  return name === 'style.css' ? stylesheet(bytes.toString(), accent) : script(bytes);
}

// Without its indentation: a tenth of it, for which the pages' budget has better uses.
function stylesheet(text: string, { light, dark }: Branding['accent']): Asset {
  const tokens = `:root{--accent:${light};--accent-dark:${dark}}`;
  const rules = text.replaceAll(/^\s+/gm, '');
  return { mediaType: 'text/css; charset=utf-8', bytes: Buffer.from(`${tokens}\n${rules}`) };
}

function script(bytes: Uint8Array): Asset {
  return { mediaType: 'text/javascript; charset=utf-8', bytes };
}

// The package exports modules for bundlers only; what browsers can load as it is lies beside them.
function webauthnBundle(): URL {
  return new URL('../dist/bundle/index.umd.min.js', import.meta.resolve('@simplewebauthn/browser'));
}

function pathOf(name: AssetName, { mediaType, bytes }: Asset): string {
  const stem = name.split('.')[0] ?? name;
  const digest = hash('sha256', bytes, 'hex').slice(0, 16);
  return `/assets/${stem}.${digest}.${EXTENSIONS[mediaType] ?? 'bin'}`;
}
