import { refusal, type Answer, type Asked } from './answer.ts';
import { signOutOfCognito } from './cognito-sign-out.ts';
import { startLocalServer, type Handler, type LocalServer } from './local-server.ts';
import { createOpenIdProvider } from './openid-provider.ts';
import { renderPage } from './page.ts';
import { platforms, type PlatformName } from './platforms.ts';
import { createSamlIdp } from './saml-idp.ts';
import { signInPlatforms, type SignInPlatformName } from './sign-in-platforms.ts';
import { createSigningKey, type SigningKey } from './signing-key.ts';
import { createTokenIssuer } from './token-issuer.ts';

/**
 * Below its URL, at `/github`, `/gitlab` and `/kubernetes`, tokens are minted; people sign in at `/google`, `/cognito` and, by
 * SAML, at `/saml`.
 */
export type Issuer = LocalServer;

/**
 * Starts all identity providers of the demo on one port of 127.0.0.1, each with a key of its own that lives as long as the
 * process. They sign whatever they are asked for: for demonstrations and tests only.
 *
 * @param port 0 lets the system choose
 * @throws the listener's error, EADDRINUSE among them
 */
export async function startIssuer({ port }: { readonly port: number }): Promise<Issuer> {
  const keys = await createKeys();
  // Their addresses name the port, which is known only once it is listened to.
  return startLocalServer(port, (url) => {
    const handlers = createHandlers(url, keys);
    return (asked) => toProvider(asked, handlers);
  });
}

type Keys = ReadonlyMap<string, SigningKey>;

async function createKeys(): Promise<Keys> {
  const names = [...Object.keys(platforms), ...Object.keys(signInPlatforms)];
  return new Map(await Promise.all(names.map(async (name) => [name, await createSigningKey()] as const)));
}

function createHandlers(url: string, keys: Keys): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>();
  for (const [name, key] of keys) {
    if (isMinting(name)) handlers.set(name, createTokenIssuer(`${url}/${name}`, platforms[name], key));
    if (isSigningIn(name))
      handlers.set(name, createOpenIdProvider(`${url}/${name}`, signInPlatforms[name], key));
  }
  // Browsers take 127.0.0.1 for another site than localhost, where the bridge is: a response that is posted from there
  // would come without the bridge's cookie. Codes are no posts.
  handlers.set('saml', createSamlIdp(`${url}/saml`, `${url.replace('127.0.0.1', 'localhost')}/saml`));
  // At the root, like Cognito's and Google's own.
  handlers.set('logout', signOutOfCognito);
  handlers.set('Logout', () =>
    renderPage('Signed out', '<p>Google’s own page leads nowhere else, either.</p>'),
  );
  return handlers;
}

function isMinting(name: string): name is PlatformName {
  return Object.hasOwn(platforms, name);
}

function isSigningIn(name: string): name is SignInPlatformName {
  return Object.hasOwn(signInPlatforms, name);
}

function toProvider(asked: Asked, handlers: ReadonlyMap<string, Handler>): Answer | Promise<Answer> {
  const [, name = '', ...rest] = asked.path.split('/');
  const handler = handlers.get(name);
  if (handler === undefined) return refusal(404, `providers are at ${[...handlers.keys()].join(', ')}`);
  return handler({ ...asked, path: `/${rest.join('/')}` });
}
