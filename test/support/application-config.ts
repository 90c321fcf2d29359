const ACCOUNT = '123456789012';

export const ORDERS = 'https://orders.acme.example';
export const REPORTS = 'https://reports.acme.example';
/** Opens to Alice and to the main branch of acme/app. */
export const DEPLOY = `arn:aws:iam::${ACCOUNT}:role/deploy`;
/** The issuer of the platform where workloads run, and what its tokens are for. */
export const PLATFORM = {
  issuer: 'https://token.actions.githubusercontent.com',
  audience: 'rolebridge',
} as const;
/** Subject of a workload that may do everything here. */
export const MAIN_BRANCH = 'repo:acme/app:ref:refs/heads/main';

/** How each application proves who it is. */
export const CLIENTS = {
  web: 'basic',
  post: 'post',
  keys: 'keys',
  spa: 'none',
  partner: 'basic',
  bound: 'basic',
  pushed: 'basic',
  robot: 'workload',
  television: 'none',
} as const;
export type ClientName = keyof typeof CLIENTS;

/** The secret of those that have one. */
export function secretOf(name: ClientName): string {
  return `${name}-secret-of-forty-random-characters-00`;
}

/** Where an application gets its codes. */
export function callbackOf(name: ClientName, server: string): string {
  return `${server}/callback/${name}`;
}

/** Where people come back to after they signed out there. */
export function signedOutOf(name: ClientName, server: string): string {
  return `${server}/signed-out/${name}`;
}

export type ApplicationPlace = {
  /** Where the applications are. */
  readonly server: string;
  /** Where people sign in. */
  readonly idp: { readonly issuer: string; readonly clientId: string };
  readonly publicUrl: string;
};

/** A configuration with an application of each kind, two services and one role, but for where its files are. */
export function applicationConfig({ server, idp, publicUrl }: ApplicationPlace): object {
  return {
    publicUrl,
    logLevel: 'silent',
    outbound: { privateAddresses: 'allow', http: 'allow', timeout: '2s' },
    accounts: [{ id: ACCOUNT, alias: 'acme' }],
    oidcProviders: [google(idp), platform()],
    roles: [deploy(idp)],
    services: services(idp),
    applications: applications(server),
  };
}

function google({ issuer, clientId }: ApplicationPlace['idp']): object {
  return {
    name: 'google',
    account: ACCOUNT,
    issuer,
    audiences: [clientId],
    signIn: {
      displayName: 'Acme Google',
      preset: 'google',
      clientId,
      clientSecret: { env: 'SIGN_IN_SECRET' },
      domains: ['acme.example'],
      hostedDomains: ['acme.example'],
    },
  };
}

function platform(): object {
  return {
    name: 'github',
    account: ACCOUNT,
    issuer: PLATFORM.issuer,
    audiences: [PLATFORM.audience],
    jwks: { file: 'platform.json' },
  };
}

/** Whoever signed in, and the one workload. */
function trusted({ issuer, clientId }: ApplicationPlace['idp'], action: string): object {
  const key = issuer.replace('http://', '');
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${key}` },
        Action: action,
        Condition: { StringEquals: { [`${key}:aud`]: clientId } },
      },
      ofWorkload(action),
    ],
  };
}

function ofWorkload(action: string): object {
  const key = PLATFORM.issuer.replace('https://', '');
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${key}` },
    Action: action,
    Condition: { StringEquals: { [`${key}:aud`]: PLATFORM.audience, [`${key}:sub`]: MAIN_BRANCH } },
  };
}

function deploy(idp: ApplicationPlace['idp']): object {
  return { name: 'deploy', account: ACCOUNT, trustPolicy: trusted(idp, 'sts:AssumeRoleWithWebIdentity') };
}

function services(idp: ApplicationPlace['idp']): readonly object[] {
  const exchangePolicy = trusted(idp, 'rolebridge:ExchangeToken');
  const scopes = ['orders:read', 'orders:write'];
  return [
    { name: 'orders', account: ACCOUNT, audience: ORDERS, scopes, clientId: 'web', exchangePolicy },
    {
      name: 'reports',
      account: ACCOUNT,
      audience: REPORTS,
      scopes: ['reports:read'],
      algorithm: 'ES256',
      exchangePolicy,
    },
  ];
}

const ALL_GRANTS = [
  'authorization_code',
  'refresh_token',
  'token_exchange',
  'client_credentials',
  'device_code',
];
const PERSON_GRANTS = ['authorization_code', 'refresh_token'];

function applications(server: string): readonly object[] {
  const of = (name: ClientName, more: object): object => ({
    clientId: name,
    displayName: `Acme ${name}`,
    redirectUris: [callbackOf(name, server)],
    postLogoutRedirectUris: [signedOutOf(name, server)],
    backchannelLogoutUri: `${server}/backchannel/${name}`,
    grants: PERSON_GRANTS,
    audiences: [ORDERS, REPORTS],
    firstParty: true,
    ...(CLIENTS[name] === 'basic' || CLIENTS[name] === 'post'
      ? { clientSecret: { env: variableOf(name) } }
      : {}),
    ...more,
  });
  return [
    of('web', { grants: ALL_GRANTS, idTokenLifetime: '2h' }),
    of('post', { clientSecretMethod: 'post', grants: ALL_GRANTS }),
    of('keys', { jwks: { file: 'keys.json' }, grants: ALL_GRANTS, idTokenAlgorithm: 'EdDSA' }),
    of('spa', {}),
    of('partner', { firstParty: false }),
    of('bound', { requireDpop: true }),
    of('pushed', { requirePushedRequests: true }),
    of('robot', {
      clientPolicy: { Version: '2012-10-17', Statement: [ofWorkload('rolebridge:AuthenticateClient')] },
      grants: ['client_credentials', 'token_exchange'],
    }),
    of('television', { grants: ['device_code', 'refresh_token'], firstParty: false }),
  ];
}

function variableOf(name: ClientName): string {
  return `SECRET_OF_${name.toUpperCase()}`;
}

/** What the configuration refers to. */
export function applicationEnv(signInSecret: string): Readonly<Record<string, string>> {
  const names = Object.keys(CLIENTS).filter(isClientName);
  return {
    SIGN_IN_SECRET: signInSecret,
    ...Object.fromEntries(names.map((name) => [variableOf(name), secretOf(name)])),
  };
}

function isClientName(text: string): text is ClientName {
  return text in CLIENTS;
}
