import { readFileSync } from 'node:fs';

/** The one client that the demo's OpenID Providers know: the bridge of config/demo.yaml. */
export type DemoClient = { readonly id: string; readonly secret: string };

/** As config/demo.yaml has it. The secret protects made-up people on one machine, so it may be read by anybody. */
export const demoClient: DemoClient = {
  id: 'rolebridge',
  secret: readFileSync(new URL('../config/demo-client-secret', import.meta.url), 'utf8').trim(),
};

/** Whether a token request comes from the client: its secret stands in the header or in the form. @see RFC 6749 2.3.1 */
export function isFrom(client: DemoClient, authorization: string, form: URLSearchParams): boolean {
  const [scheme = '', credentials = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic')
    return form.get('client_id') === client.id && form.get('client_secret') === client.secret;
  if (form.has('client_secret')) return false;
  const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString().split(':').map(decodeFormText);
  return id === client.id && secret === client.secret;
}

function decodeFormText(text: string): string {
  return new URLSearchParams(`text=${text}`).get('text') ?? '';
}
