import type { Authorization } from './authorization.ts';
import { wordedMismatch } from './failures.ts';

const REGION = /^[a-z0-9-]{1,64}$/;
const TERMINATOR = 'aws4_request';

/**
 * Refuses a signature that was made for another service or day. Any well-formed region passes: with an endpoint URL configured,
 * clients sign with their own.
 * @throws `signature-mismatch` with AWS's text in `params.text`
 * @see SigV4, "Credential scope errors"
 */
export function checkScope(authorization: Authorization, service: string): void {
  const { scope, timestamp } = authorization;
  const day = timestamp.text.slice(0, 8);
  if (!REGION.test(scope.region)) {
    throw wordedMismatch('Credential should be scoped to a valid region. ');
  }
  if (scope.service !== service) {
    throw wordedMismatch(`Credential should be scoped to correct service: '${service}'. `);
  }
  if (scope.terminator !== TERMINATOR) {
    throw wordedMismatch(`Credential should be scoped with a valid terminator: '${TERMINATOR}'.`);
  }
  if (scope.date !== day) {
    throw wordedMismatch(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.date}' != '${day}', from '${timestamp.text}'.`,
    );
  }
}
