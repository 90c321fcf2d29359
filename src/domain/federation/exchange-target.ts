import type { Application } from '../application/application.ts';
import type { Service } from '../application/service.ts';
import { FederationError } from '../errors.ts';
import type { Directory } from '../role/directory.ts';
import { isAt } from './exchange-chain.ts';
import type { Party } from './exchange-party.ts';
import type { ExchangeTarget, PreparedExchange } from './exchange-request.ts';

/** What could be had, if the policy of `of` allows. */
export type Offer =
  | { readonly kind: 'access-token'; readonly of: Service; readonly scopes: readonly string[] }
  | { readonly kind: 'id-token'; readonly of: Application; readonly scopes: readonly string[] };

/**
 * Finds what is asked for.
 *
 * @throws FederationError `exchange-denied` for what does not exist or is not for this client; `scope-refused`
 */
export function offerOf(
  target: Exclude<ExchangeTarget, { kind: 'credentials' }>,
  { client, party }: PreparedExchange,
  { directory }: { readonly directory: Directory },
): Offer {
  const { kind, audience } = target;
  if (kind === 'id-token') {
    const of = directory.application(audience);
    if (of === undefined) throw denied('no such application');
    return { kind, of, scopes: [] };
  }
  const of = directory.service(audience);
  if (of === undefined) throw denied('no such service');
  if (!client.audiences.includes(audience)) throw denied('a service that is not for this client');
  return { kind, of, scopes: scopesOf(target.scopes, of, party) };
}

function scopesOf(
  wanted: readonly string[] | undefined,
  { audience, scopes }: Service,
  { token }: Party,
): readonly string[] {
  const held = isAt(token, audience) ? token.scopes : undefined;
  const open = held ? scopes.filter((scope) => held.includes(scope)) : scopes;
  // Who names none gets nothing new.
  if (wanted === undefined) return held ? open : [];
  if (wanted.some((scope) => !open.includes(scope)))
    throw new FederationError('scope-refused', 'a scope that the service or the subject token has not');
  return [...new Set(wanted)];
}

function denied(reason: string): FederationError {
  return new FederationError('exchange-denied', reason);
}
