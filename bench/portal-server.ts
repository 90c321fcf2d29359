import { writeFileSync } from 'node:fs';
import { createAssets } from '../src/http/assets.ts';
import { createRenderer } from '../src/http/render.ts';
import { startPortalApp } from '../test/support/portal-app.ts';
import { SAMPLE_BRANDING } from '../test/support/sample-site.ts';
import { byGroup } from './portal-roles.ts';

// node bench/portal-server.ts COUNT FILE: the portal with so many roles; the cookie of somebody with ten goes to the file.
const [count = '10', file = ''] = process.argv.slice(2);
const render = createRenderer({
  branding: SAMPLE_BRANDING,
  assets: createAssets(SAMPLE_BRANDING),
  secureTransport: false,
});
const roles = byGroup.roles(Number(count));
const app = await startPortalApp(roles, { render });
writeFileSync(file, await app.signIn({ identity: byGroup.identity(roles) }));
process.stderr.write(`${app.url}\n`);
process.once('SIGTERM', () => process.exit(0));
