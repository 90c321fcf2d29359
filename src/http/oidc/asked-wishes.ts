import type { Directory } from '../../domain/role/directory.ts';
import type { ConsentClaim, Pages } from '../page-data.ts';
import { ownClaimsOf } from './claims-by-scope.ts';

/** What an application wants, as people are told. */
export type Wishes = Pick<Pages['consent'], 'claims' | 'services' | 'offline' | 'ownClaims'>;

const CLAIMS = {
  openid: 'identity',
  profile: 'profile',
  email: 'email',
  roles: 'roles',
} as const satisfies Record<string, ConsentClaim>;

/** Reads what the parameters of an authorization or device request ask for. */
export function wishesOf(
  params: Readonly<Record<string, unknown>>,
  clientId: string,
  { directory }: { readonly directory: Pick<Directory, 'application' | 'service'> },
): Wishes {
  const { scope, resource } = params;
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  const audiences = [resource].flat().filter((audience) => typeof audience === 'string');
  const application = directory.application(clientId);
  return {
    claims: Object.entries(CLAIMS).flatMap(([name, claim]) => (scopes.includes(name) ? [claim] : [])),
    services: audiences.flatMap((audience) => {
      const service = directory.service(audience);
      return service === undefined
        ? []
        : [{ name: service.name, scopes: service.scopes.filter((one) => scopes.includes(one)) }];
    }),
    offline: scopes.includes('offline_access'),
    ownClaims: application !== undefined && scopes.includes('openid') ? ownClaimsOf(application) : [],
  };
}
