import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import Router from '@koa/router';
import Koa from 'koa';
import { createAssets, mountAssets } from '../../src/http/assets.ts';
import { chooseLanguage } from '../../src/http/language.ts';
import type { Branding } from '../../src/http/branding.ts';
import { createRenderer } from '../../src/http/render.ts';
import { SAMPLE_PAGES } from './sample-pages.ts';

/** A server of the sample pages, each under its number. */
export type SampleSite = {
  readonly url: string;
  /** What was posted, as it came. */
  readonly posted: { readonly path: string; readonly body: string }[];
  readonly stop: () => Promise<void>;
};

export const SAMPLE_BRANDING: Branding = {
  name: 'Rolebridge',
  accent: { light: '#3347b8', dark: '#7a87d1' },
};

/** The address of a sample page on its site. */
export function samplePath(title: string): string {
  const index = SAMPLE_PAGES.findIndex((sample) => sample.title === title);
  if (index < 0) throw new Error(`no sample page ${title}`);
  return `/sample/${index}`;
}

/** Serves the sample pages on this machine; what they post is kept and answered with a sentence. */
export async function startSampleSite(branding = SAMPLE_BRANDING): Promise<SampleSite> {
  const posted: SampleSite['posted'] = [];
  const answer = createSampleApp(branding, posted).callback();
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://localhost:${address.port}`,
    posted,
    stop: async () => {
      server.closeAllConnections();
      await promisify(server.close.bind(server))();
    },
  };
}

function createSampleApp(branding: Branding, posted: SampleSite['posted']): Koa {
  const assets = createAssets(branding);
  const render = createRenderer({ branding, assets, secureTransport: false });
  const router = new Router();
  mountAssets(router, () => assets);
  router.get('/sample/:index', (ctx) => {
    const sample = SAMPLE_PAGES[Number(ctx.params['index'])];
    const language = chooseLanguage(ctx.get('accept-language'));
    const layout = {
      language,
      formToken: 'sample-form-token',
      ...(sample?.person && { person: sample.person }),
    };
    sample?.show((name, data) => {
      render(ctx, { name, data, layout });
    });
  });
  router.post('/{*path}', async (ctx) => {
    posted.push({ path: ctx.url, body: await text(ctx.req) });
    ctx.body = 'Posted.';
  });
  const app = new Koa();
  app.use(router.routes());
  return app;
}
