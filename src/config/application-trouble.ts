import type { Application } from '../domain/application/application.ts';
import type { Service } from '../domain/application/service.ts';
import { isNativeApplication } from '../domain/application/redirect-uri.ts';
import type { Config } from './config.ts';
import type { Issue, Path } from './fault.ts';

type World = Pick<Config, 'applications' | 'services'>;

/** Warnings for what is allowed, but opens more than it seems to, or nothing at all. */
export function findApplicationTrouble({ applications, services }: World): readonly Issue[] {
  return [
    ...applications.flatMap((application, index) => findTrouble(application, ['applications', index])),
    ...services.flatMap((service, index) => [
      ...findUnused(service, { applications, index }),
      ...findIdleClient(service, { applications, index }),
    ]),
  ];
}

type Among = { readonly applications: readonly Application[]; readonly index: number };

function findUnused({ audience, exchangePolicy }: Service, { applications, index }: Among): readonly Issue[] {
  const isNamed = applications.some(({ audiences }) => audiences.includes(audience));
  return exchangePolicy === undefined && !isNamed ? [unusedService(index)] : [];
}

function findIdleClient({ clientId }: Service, { applications, index }: Among): readonly Issue[] {
  const client = applications.find((application) => application.clientId === clientId);
  if (client === undefined || client.grants.includes('token_exchange')) return [];
  return [
    {
      severity: 'warning',
      code: 'useless-client',
      message: 'This application may exchange the tokens that the service is sent, but has no grant for it.',
      remedy: 'Add token_exchange to its `grants`, or remove `clientId`.',
      path: ['services', index, 'clientId'],
    },
  ];
}

function unusedService(index: number): Issue {
  return {
    severity: 'warning',
    code: 'unused-service',
    message: 'Nobody gets a token for this service: it has no exchangePolicy, and no application names it.',
    remedy: 'Name its audience in the `audiences` of an application, or give it an `exchangePolicy`.',
    path: ['services', index],
  };
}

function findTrouble(application: Application, path: Path): readonly Issue[] {
  return [
    ...findUselessRefresh(application, path),
    ...findNameless(application, path),
    ...findPublicExchange(application, path),
    ...findSilentConsent(application, path),
  ];
}

/** Whether people come to it with a browser. */
export function signsPeopleIn({ grants }: Pick<Application, 'grants'>): boolean {
  return grants.includes('authorization_code') || grants.includes('device_code');
}

function findUselessRefresh(application: Application, path: Path): readonly Issue[] {
  if (!application.grants.includes('refresh_token') || signsPeopleIn(application)) return [];
  return [
    {
      severity: 'warning',
      code: 'useless-grant',
      message: 'No refresh token is ever issued to this application: it signs nobody in.',
      remedy: 'Add authorization_code or device_code, or remove refresh_token.',
      path: [...path, 'grants'],
    },
  ];
}

function findNameless(application: Application, path: Path): readonly Issue[] {
  const { firstParty, displayName, clientId } = application;
  if (firstParty || displayName !== clientId || !signsPeopleIn(application)) return [];
  return [
    {
      severity: 'warning',
      code: 'nameless-application',
      message: 'People will be asked whether they trust this application, by its client id.',
      remedy: 'Add a `displayName`.',
      path,
    },
  ];
}

function findPublicExchange({ grants, authentication }: Application, path: Path): readonly Issue[] {
  if (!grants.includes('token_exchange') || authentication.kind !== 'public') return [];
  return [
    {
      severity: 'warning',
      code: 'public-exchange',
      message:
        'Whoever knows this client id can exchange tokens with it: rolebridge:ClientId proves nothing.',
      remedy: 'Let exchange policies demand claims of the token, or give it a clientPolicy.',
      path: [...path, 'grants'],
    },
  ];
}

// RFC 8252 8.6: any program on the same machine can pose as this one.
function findSilentConsent(application: Application, path: Path): readonly Issue[] {
  if (!application.firstParty || !isNativeApplication(application)) return [];
  return [
    {
      severity: 'warning',
      code: 'silent-consent',
      message: 'Another program on the same machine can pose as this one, and nobody would be asked.',
      remedy: 'Remove `firstParty`, so that people are asked.',
      path: [...path, 'firstParty'],
    },
  ];
}
