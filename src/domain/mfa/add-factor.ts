import { FederationError } from '../errors.ts';
import type { Person } from '../identity/person.ts';
import { changePerson, openProved, requireFreshProof } from './change-person.ts';
import type { Enrolled, FactorDeps, FactorRequest } from './factor-deps.ts';
import type { Factor } from './factor.ts';
import { createRecoveryCodes } from './recovery-codes.ts';
import { refuseExpired, refuseFactor } from './refusals.ts';

/** Every app that is enrolled is one more code that a guess may hit. */
const MAX_FACTORS = 10;

/** The id of a new factor. */
export function createFactorId({ random }: Pick<FactorDeps, 'random'>): string {
  return Buffer.from(random(16)).toString('base64url');
}

/**
 * Adds a factor that has just been proved, with recovery codes if it is the first, and gives the session a new id.
 *
 * @throws FederationError `factor-refused`, `mfa-required`, `sign-in-required`, `invalid-parameter-value`, `store-unavailable`
 */
export async function addFactor(request: FactorRequest, factor: Factor, deps: FactorDeps): Promise<Enrolled> {
  const { codes, kept } = createRecoveryCodes(deps.random);
  const add = (person: Person): Person => {
    requireFreshProof(request, person);
    refuseDoubles(person, factor);
    const isFirst = person.factors.length === 0;
    return {
      ...person,
      factors: [...person.factors, factor],
      recoveryCodes: isFirst ? kept : person.recoveryCodes,
    };
  };
  const facts = { factorId: factor.id, method: factor.kind };
  const { factors } = await changePerson(request, deps, add, facts);
  const opened = await openProved(request, factor.kind, deps);
  return factors.length === 1 ? { opened, codes } : { opened };
}

function refuseDoubles({ factors }: Person, added: Factor): void {
  if (factors.length >= MAX_FACTORS)
    throw new FederationError('invalid-parameter-value', `there are ${MAX_FACTORS} factors`);
  for (const factor of factors) {
    // The same form, sent twice.
    if (factor.kind === 'totp' && added.kind === 'totp' && factor.secret === added.secret)
      throw refuseExpired('this authenticator app was added a moment ago');
    if (factor.kind === 'passkey' && added.kind === 'passkey' && factor.credentialId === added.credentialId)
      throw refuseFactor('passkey-refused', 'this passkey is theirs already');
  }
}
