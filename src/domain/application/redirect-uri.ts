import type { Application } from './application.ts';

/** Whether a host of a URL can only be this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/** What a redirect URI leads to; `undefined`: nothing that an application may have. */
export type RedirectTarget = 'web' | 'loopback' | 'app';

/**
 * `app` is a private-use scheme with a dot in it, the reverse of a domain name: others, such as `javascript:` and `data:`, run
 * what stands behind them.
 * @see RFC 8252 7.1
 */
export function redirectTargetOf(uri: string): RedirectTarget | undefined {
  const url = URL.parse(uri);
  if (url?.protocol === 'https:') return 'web';
  if (url?.protocol === 'http:') return isLoopbackHost(url.hostname) ? 'loopback' : undefined;
  return url?.protocol.includes('.') === true ? 'app' : undefined;
}

/** Whether it is a program on people's own machines, which listens at whatever port is free there (RFC 8252 7.3). */
export function isNativeApplication({
  authentication,
  redirectUris,
  postLogoutRedirectUris,
}: Pick<Application, 'authentication' | 'redirectUris' | 'postLogoutRedirectUris'>): boolean {
  const targets = [...redirectUris, ...postLogoutRedirectUris].map(redirectTargetOf);
  return (
    authentication.kind === 'public' && targets.some((target) => target === 'loopback' || target === 'app')
  );
}
