import type { Directory } from '../role/directory.ts';
import type { Role } from '../role/role.ts';

/** Sorts roles by who may open them, so that finding a person's few costs nothing for the many. */
export function createRoleIndex(roles: readonly Role[]): Directory['candidateRoles'] {
  return ({ providerArn }) =>
    roles.filter(({ trustPolicy }) =>
      trustPolicy.statements.some(({ principals }) => principals?.federated.has(providerArn) ?? false),
    );
}
