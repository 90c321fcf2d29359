import { z } from 'zod';
import type { Directory } from '../../domain/role/directory.ts';
import type { ConsentClaim, Pages } from '../page-data.ts';
import { ownClaimsOf, scopesOfClaims } from './claims-by-scope.ts';

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
  const learns = [...scopes, ...scopesOfClaims(namesIn(params['claims']))];
  const audiences = [resource].flat().filter((audience) => typeof audience === 'string');
  const application = directory.application(clientId);
  return {
    claims: Object.entries(CLAIMS).flatMap(([name, claim]) => (learns.includes(name) ? [claim] : [])),
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

const names = z.record(z.string(), z.unknown()).optional();
const claimsSchema = z.object({ id_token: names, userinfo: names });

// The library grants what is asked for by its name, without any scope (OpenID Connect Core 5.5): people are to see that, too.
function namesIn(claims: unknown): readonly string[] {
  if (typeof claims !== 'string') return [];
  // The library has refused what is no claims parameter.
  const { id_token, userinfo } = claimsSchema.parse(JSON.parse(claims));
  return Object.keys({ ...id_token, ...userinfo });
}
