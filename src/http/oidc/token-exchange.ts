import type { Application } from '../../domain/application/application.ts';
import { FederationError } from '../../domain/errors.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';

/** A request for the token exchange grant, once the client has proved who it is. */
export type TokenExchangeCall = {
  readonly client: Application;
  readonly form: URLSearchParams;
  readonly facts: RequestFacts;
};

export type TokenExchangeDeps = FederationDeps;

/**
 * Exchanges the token in a form; the members of the JSON answer. Refusals are in the audit trail when this throws.
 *
 * @throws FederationError
 * @see RFC 8693 2
 */
export function exchangeTokens(
  _call: TokenExchangeCall,
  _deps: TokenExchangeDeps,
): Promise<Readonly<Record<string, unknown>>> {
  return Promise.reject(new FederationError('exchange-denied', 'nothing can be exchanged yet'));
}
