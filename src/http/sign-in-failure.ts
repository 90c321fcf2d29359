import { FederationError } from '../domain/errors.ts';
import type { ErrorKind, ErrorLink } from './page-data.ts';
import { showError, type PageExchange } from './page-exchange.ts';

/** The page that asks, and sends nobody on by itself. */
const CHOOSE: ErrorLink = { to: 'another-provider', href: '/signin?choose=yes' };

type Failed = {
  /** Absent: nobody can sign in with it. */
  readonly name?: string;
  readonly displayName: string;
  readonly returnTo?: string | undefined;
};

/** What the error page of a sign-in offers: the same provider once more, or another one. */
export function signInFailure(
  error: unknown,
  { name, displayName, returnTo }: Failed,
): { readonly kind?: ErrorKind; readonly provider: string; readonly links: readonly ErrorLink[] } {
  const again = name === undefined ? [] : [{ to: 'start-again', href: startPath(name, returnTo) } as const];
  const isDenied = error instanceof FederationError && error.params['error'] === 'access_denied';
  return {
    ...(isDenied ? { kind: 'provider-denied' as const } : {}),
    provider: displayName,
    links: [...again, CHOOSE],
  };
}

/** Answers for a provider that is not there: not a dead end. */
export function showUnknownProvider(exchange: PageExchange): void {
  const failure = new FederationError('not-found', 'there is no such provider');
  showError(exchange, failure, { kind: 'provider-unknown', links: [CHOOSE] });
}

/** Where a sign-in with a provider starts. */
function startPath(name: string, returnTo?: string): string {
  const query = returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo }).toString()}`;
  return `/signin/${encodeURIComponent(name)}${query}`;
}
