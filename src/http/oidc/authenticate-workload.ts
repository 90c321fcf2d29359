import type { Application } from '../../domain/application/application.ts';
import type { FederationDeps } from '../../domain/federation/deps.ts';
import type { RequestFacts } from '../../domain/federation/request-facts.ts';

/** A request in which an application may prove who it is by the token of its platform. */
export type WorkloadCall = { readonly form: URLSearchParams; readonly facts: RequestFacts };

export type AuthenticateWorkloadDeps = FederationDeps;

/**
 * The application that a client assertion of its platform proves; `undefined` where the form is of no such application, so
 * that the provider's own ways are to be tried.
 *
 * @throws FederationError `client-refused`, in the audit trail by then
 * @see RFC 7523 3
 */
export function authenticateWorkload(
  _call: WorkloadCall,
  _deps: AuthenticateWorkloadDeps,
): Promise<Application | undefined> {
  return Promise.resolve(undefined);
}
