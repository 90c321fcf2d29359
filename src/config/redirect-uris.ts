import type { ClientAuthentication } from '../domain/application/application.ts';
import { isLoopbackHost, isNativeApplication, redirectTargetOf } from '../domain/application/redirect-uri.ts';
import type { Path } from './fault.ts';
import { reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import type { ConfigFile } from './schema.ts';

type Entry = ConfigFile['applications'][number];

/** Reports addresses that people, or their codes, must never be sent to. */
export function reportRedirectUris(
  entry: Entry,
  { path, authentication }: { readonly path: Path; readonly authentication: ClientAuthentication },
  resolution: Resolution,
): void {
  const isNative = isNativeApplication({ ...entry, authentication });
  for (const list of ['redirectUris', 'postLogoutRedirectUris'] as const) {
    const places = entry[list].map((key, index) => ({ key, path: [...path, list, index] }));
    reportDuplicates(places, 'address', resolution, 'Remove one of them.');
    for (const { key, path: place } of places) {
      const problem = problemOf(key, { kind: authentication.kind, isNative });
      if (problem !== undefined) reportError(resolution, 'unusable-redirect-uri', place, problem);
    }
  }
}

/** Reports what is no address of a server that logout tokens can be sent to. @see OpenID Connect Back-Channel Logout 1.0, 2.2 */
export function reportLogoutUri(
  uri: string | undefined,
  { path, http }: { readonly path: Path; readonly http: ConfigFile['outbound']['http'] },
  resolution: Resolution,
): void {
  if (uri === undefined) return;
  const problem = formProblemOf(uri);
  const { protocol } = new URL(uri);
  if (problem !== undefined) reportError(resolution, 'unusable-redirect-uri', path, problem);
  else if (protocol !== 'https:' && (protocol !== 'http:' || http === 'deny'))
    reportError(resolution, 'insecure-url', path, {
      message: 'This must be https.',
      remedy: 'Use https, or set outbound.http to allow for applications inside your network.',
    });
}

type Problem = { readonly message: string; readonly remedy: string };

function problemOf(
  uri: string,
  client: { readonly kind: ClientAuthentication['kind']; readonly isNative: boolean },
): Problem | undefined {
  const target = redirectTargetOf(uri);
  if (target === undefined) return WRONG_SCHEME;
  if (target === 'app' && client.kind !== 'public') return NOT_PUBLIC;
  if (target === 'web' && client.isNative && isLoopbackHost(new URL(uri).hostname)) return SECURE_LOOPBACK;
  return formProblemOf(uri);
}

const WRONG_SCHEME = {
  message: 'Codes must not go there: this must be https, or http on this machine.',
  remedy:
    'Use https, or for a program on people’s machines a scheme with a dot such as com.example.app:/callback.',
} as const;
const NOT_PUBLIC = {
  message:
    'Any program on the same machine can claim this scheme, and this application has a secret to lose.',
  remedy: 'Use https, or make it a public client (RFC 8252 8.4).',
} as const;
const SECURE_LOOPBACK = {
  message: 'A program on people’s own machines has no certificate for this address.',
  remedy: 'Use http://127.0.0.1 (RFC 8252 7.3).',
} as const;

// URL parsers leave these out, turn them round, or read a name in front of the host.
function formProblemOf(uri: string): Problem | undefined {
  const { username, password } = new URL(uri);
  if (username !== '' || password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(uri))
    return problem('a user name', 'Remove what stands before the @.');
  if (uri.includes('#')) return problem('a fragment', 'Remove the # and what follows it (RFC 6749 3.1.2).');
  if (uri.includes('*')) return problem('a wildcard', 'Write each address out.');
  return /^[\u0021-\u007e]+$/.test(uri) && !/[\\"<>^`{|}]/.test(uri)
    ? undefined
    : problem('a character that is no part of a URI', 'Percent-encode it (RFC 3986 2).');
}

function problem(what: string, remedy: string): Problem {
  return { message: `This has ${what}, and could be read in two ways.`, remedy };
}
