import { FederationError } from '../errors.ts';
import { audited } from '../federation/audited.ts';
import type { Person } from '../identity/person.ts';
import { changePerson, requireFreshProof } from './change-person.ts';
import type { FactorDeps, FactorRequest } from './factor-deps.ts';
import type { Factor } from './factor.ts';
import { createRecoveryCodes } from './recovery-codes.ts';

type FactorChange = FactorRequest & { readonly factorId: string };

/**
 * Gives a factor another name. Who is signed in may do so: a name decides nothing.
 *
 * @param name as `parseFactorName` gave it
 * @throws FederationError `not-found`, `sign-in-required`, `store-unavailable`
 */
export function renameFactor(
  change: FactorChange & { readonly name: string },
  deps: FactorDeps,
): Promise<void> {
  const { factorId, name } = change;
  const rename = (person: Person): Person => {
    const found = findFactor(person, factorId);
    return { ...person, factors: person.factors.map((one) => (one === found ? { ...one, name } : one)) };
  };
  return audited(change.draft, deps, async () => {
    await changePerson(change, deps, rename, { factorId });
  });
}

/**
 * Removes a factor; the last one stays, for whoever had none could add one with a sign-in alone.
 *
 * @throws FederationError `mfa-required` where a factor must be proved first, `not-found`, `invalid-parameter-value` for the last
 *   one, `sign-in-required`, `store-unavailable`
 */
export function removeFactor(change: FactorChange, deps: FactorDeps): Promise<void> {
  const { factorId } = change;
  const remove = (person: Person): Person => {
    requireFreshProof(change, person);
    const found = findFactor(person, factorId);
    if (person.factors.length === 1)
      throw new FederationError('invalid-parameter-value', 'the last factor stays');
    return { ...person, factors: person.factors.filter((one) => one !== found) };
  };
  return audited(change.draft, deps, async () => {
    await changePerson(change, deps, remove, { factorId });
  });
}

/**
 * Makes ten new recovery codes in place of all old ones, and returns them, this once.
 *
 * @throws FederationError `mfa-required` where a factor must be proved first, `not-found` where there is no factor,
 *   `sign-in-required`, `store-unavailable`
 */
export function renewRecoveryCodes(request: FactorRequest, deps: FactorDeps): Promise<readonly string[]> {
  const { codes, kept } = createRecoveryCodes(deps.random);
  const renew = (person: Person): Person => {
    if (person.factors.length === 0)
      throw new FederationError('not-found', 'recovery codes stand in for factors, and there are none');
    requireFreshProof(request, person);
    return { ...person, recoveryCodes: kept };
  };
  return audited(request.draft, deps, async () => {
    await changePerson(request, deps, renew, { codes: codes.length });
    return codes;
  });
}

function findFactor({ factors }: Person, factorId: string): Factor {
  const found = factors.find(({ id }) => id === factorId);
  if (found === undefined) throw new FederationError('not-found', 'no factor of theirs');
  return found;
}
