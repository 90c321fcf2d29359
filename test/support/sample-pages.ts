import type { ErrorKind, PageName, Pages, RoleRow } from '../../src/http/page-data.ts';
import type { Layout } from '../../src/http/render.ts';

/** One page in one of its states. */
export type SamplePage = {
  /** `page` or `page: state`. */
  readonly title: string;
  readonly person: Layout['person'];
  /** Calls with the page's name and data, which belong together. */
  readonly show: (show: Show) => void;
};
type Show = <N extends PageName>(name: N, data: Pages[N]) => void;

/** 22 November 2026, 14:05 UTC. */
export const SAMPLE_TIME_MS = Date.UTC(2026, 10, 22, 14, 5, 30);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const PERSON = { name: 'Ada Lovelace', provider: 'Acme Corp' };
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29"><path fill="#fff" d="M0 0h29v29H0z"/><path d="M2 2h7v7H2zm18 0h7v7h-7zM2 20h7v7H2zm9-18h2v3h3v4h-3v3h6v-3h3v5h4v3h-6v4h5v4h-7v-6h-3v7h-4v-9H7v-3h4V9h2V6h-2z"/></svg>`;
const TOKEN = 'IQoJb3JpZ2luX2VjEJr'.repeat(12);
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

const ROLES: readonly RoleRow[] = [
  role('Developer', { description: 'Read and write in the development buckets', favourite: true }),
  role('ReadOnly', { description: 'Look at everything, change nothing', maxDurationSeconds: 43_200 }),
  role('ProductionAdmin', {
    account: '210987654321',
    accountAlias: 'acme-prod',
    description: 'All of production. Every use is seen by the platform team.',
    needsMfa: true,
  }),
  role('Billing', { account: '333344445555', maxDurationSeconds: 5_400 }),
];
const [DEVELOPER = role('Developer', {}), , ADMIN = role('ProductionAdmin', {})] = ROLES;

const PASSKEY_GET = JSON.stringify({
  challenge: 'c2FtcGxlLWNoYWxsZW5nZQ',
  rpId: 'localhost',
  allowCredentials: [{ id: 'c2FtcGxlLWtleQ', type: 'public-key', transports: ['internal'] }],
  userVerification: 'required',
  timeout: 300_000,
});
const PASSKEY_CREATE = JSON.stringify({
  challenge: 'c2FtcGxlLWNoYWxsZW5nZQ',
  rp: { name: 'Rolebridge', id: 'localhost' },
  user: { id: 'c2FtcGxlLXVzZXI', name: 'ada@acme.example', displayName: 'Ada Lovelace' },
  pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
  authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  attestation: 'none',
});
const PROVIDERS = [
  { name: 'corp', displayName: 'Acme Corp', lastUsed: true },
  { name: 'google', displayName: 'Google', lastUsed: false },
  { name: 'partners', displayName: 'Partner accounts', lastUsed: false },
];
const ROLE_REASON = { kind: 'role', roleName: 'ProductionAdmin' } as const;
const RETURN_TO = `/roles/${encodeURIComponent(ADMIN.arn)}`;
const METHODS = ['passkey', 'totp', 'recovery-code'] as const;

const SIGN_IN = { email: '', providers: PROVIDERS, returnTo: RETURN_TO };
const VERIFY = { method: 'totp', methods: METHODS, reason: ROLE_REASON, returnTo: RETURN_TO } as const;
const TOTP = {
  qrSvg: SVG,
  secret: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  uri: 'otpauth://totp/Rolebridge:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Rolebridge',
  returnTo: '/roles',
};
const FACTORS = [
  {
    id: 'factor-1',
    kind: 'passkey',
    name: 'Laptop',
    addedAtMs: SAMPLE_TIME_MS - 900 * HOUR,
    lastUsedAtMs: SAMPLE_TIME_MS,
  },
  { id: 'factor-2', kind: 'totp', name: 'Authenticator app', addedAtMs: SAMPLE_TIME_MS - 30 * HOUR },
] as const;
const PORTAL = {
  query: '',
  favourites: [DEVELOPER],
  recents: ROLES.slice(1, 3),
  accounts: [
    { account: '123456789012', alias: 'acme-dev', roles: ROLES.slice(0, 2) },
    { account: '210987654321', alias: 'acme-prod', roles: [ADMIN] },
    { account: '333344445555', roles: ROLES.slice(3) },
  ],
  total: ROLES.length,
  notices: [],
};
const DURATIONS = [900, 3_600, 5_400, 14_400].map((seconds) => ({ seconds, selected: seconds === 3_600 }));
const TRACE = { requestId: '5b0f2f0e-6a3c-4f7e-9a55-2b1d6c1f9a10', timeMs: SAMPLE_TIME_MS };
const START_AGAIN = { to: 'start-again', href: '/signin' } as const;
const TO_ROLES = { to: 'roles', href: '/roles' } as const;

const ERRORS = {
  malformed: { kind: 'malformed' },
  'too-large': { kind: 'too-large' },
  'too-slow': { kind: 'too-slow', links: [{ to: 'retry', href: '/signin' }] },
  'sign-in-refused': { kind: 'sign-in-refused', reference: '7F3K-Q2MD' },
  'attempt-unknown': { kind: 'attempt-unknown', reference: '7F3K-Q2MD' },
  'provider-denied': {
    kind: 'provider-denied',
    reference: '7F3K-Q2MD',
    provider: 'Google',
    links: [START_AGAIN, { to: 'another-provider', href: '/signin' }],
  },
  'provider-failed': { kind: 'provider-failed', provider: 'Google' },
  'provider-unreachable': { kind: 'provider-unreachable', provider: 'Acme Corp', retryAfterSeconds: 60 },
  'provider-unknown': { kind: 'provider-unknown' },
  forged: { kind: 'forged', links: [TO_ROLES] },
  'role-refused': { kind: 'role-refused', reference: '7F3K-Q2MD', links: [TO_ROLES] },
  'factor-locked': {
    kind: 'factor-locked',
    retryAfterSeconds: 900,
    links: [{ to: 'retry', href: '/mfa/verify' }, TO_ROLES],
  },
  'not-found': { kind: 'not-found', links: [TO_ROLES] },
  'application-failed': { kind: 'application-failed', reference: '7F3K-Q2MD' },
  'application-expired': { kind: 'application-expired', links: [TO_ROLES] },
  unavailable: { kind: 'unavailable', retryAfterSeconds: 30 },
  internal: { kind: 'internal' },
} as const satisfies { readonly [K in ErrorKind]: Partial<Pages['error']> & { readonly kind: K } };

/** Data of the credentials page, all formats. */
function credentials(expiresAtMs: number): Pages['credentials'] {
  const variables = [
    ['AWS_ACCESS_KEY_ID', 'ASIAQ5JZ7XQ2LPN4M3RT'],
    ['AWS_SECRET_ACCESS_KEY', SECRET],
    ['AWS_SESSION_TOKEN', TOKEN],
    ['AWS_CREDENTIAL_EXPIRATION', new Date(expiresAtMs).toISOString()],
    ['AWS_REGION', 'eu-central-1'],
    ['AWS_DEFAULT_REGION', 'eu-central-1'],
    ['AWS_ENDPOINT_URL_STS', 'https://bridge.acme.example'],
  ] as const;
  const lines = (write: (name: string, value: string) => string) =>
    variables.map(([name, value]) => ({
      text: write(name, value),
      masked: write(name, name.includes('SECRET') || name.includes('TOKEN') ? '••••••••' : value),
    }));
  const names = [
    'access-key-id',
    'secret-access-key',
    'session-token',
    'expiration',
    'region',
    'endpoint',
  ] as const;
  const values = lines((_, value) => value).filter((__, index) => index !== 5);
  return {
    role: DEVELOPER,
    accessKeyId: 'ASIAQ5JZ7XQ2LPN4M3RT',
    expiresAtMs,
    durationSeconds: 3_600,
    blocks: [
      { id: 'bash', lines: lines((name, value) => `export ${name}='${value}'`) },
      { id: 'powershell', lines: lines((name, value) => `$Env:${name} = '${value}'`) },
      { id: 'cmd', lines: lines((name, value) => `set "${name}=${value}"`) },
      { id: 'dotenv', lines: lines((name, value) => `${name}=${value}`) },
      {
        id: 'file',
        lines: [
          { text: '[developer]', masked: '[developer]' },
          ...lines((name, value) => `${name.toLowerCase()} = ${value}`),
        ],
      },
      { id: 'values', lines: values.map((line, index) => ({ ...line, name: names[index] ?? 'region' })) },
      {
        id: 'process',
        lines: [
          {
            text: `{"Version":1,"SecretAccessKey":"${SECRET}"}`,
            masked: '{"Version":1,"SecretAccessKey":"••••••••"}',
          },
        ],
      },
    ],
  };
}

const SESSIONS: Pages['sessions'] = {
  browsers: [
    {
      id: 'browser-1',
      current: true,
      device: 'Firefox on Linux',
      sourceIp: '192.0.2.7',
      startedAtMs: SAMPLE_TIME_MS - HOUR,
      lastSeenAtMs: SAMPLE_TIME_MS,
      method: 'passkey',
    },
    {
      id: 'browser-2',
      current: false,
      device: 'Safari on iPhone',
      sourceIp: '2001:db8:85a3::8a2e:370:7334',
      startedAtMs: SAMPLE_TIME_MS - 20 * HOUR,
      lastSeenAtMs: SAMPLE_TIME_MS - 3 * HOUR,
    },
  ],
  roleSessions: [
    roleSession('ASIAQ5JZ7XQ2LPN4M3RT', DEVELOPER, 'this-browser'),
    roleSession('ASIAZB3KX5R7T2QWL6VN', ADMIN, 'other-browser'),
    roleSession('ASIAM4LW2S6Y7PCD3XKJ', DEVELOPER, 'elsewhere'),
  ],
};

/** What somebody may call an application who wants to be taken for another. */
const HOSTILE_NAME = `Rolebridge"><b>&'${'Verylongnamewithoutanygap'.repeat(4)}`;
const CONSENT: Pages['consent'] = {
  application: 'Acme Wiki',
  redirectOrigin: 'https://wiki.acme.example',
  claims: ['identity', 'profile', 'email', 'roles'],
  services: [
    { name: 'orders', scopes: ['orders:read', 'orders:write'] },
    { name: 'search', scopes: [] },
  ],
  offline: true,
  ownClaims: ['department', 'https://acme.example/cost_center'],
};
const DEVICE_CODE: Pages['device-code'] = { xsrf: 'sample-xsrf' };
const DEVICE_CONFIRM: Pages['device-confirm'] = {
  xsrf: 'sample-xsrf',
  userCode: 'BCDF-GHJK',
  application: 'Acme command line',
  requestedAtMs: SAMPLE_TIME_MS - 2 * MINUTE,
  sourceIp: '2001:db8:85a3::8a2e:370:7334',
  device: 'curl on Linux',
  claims: ['identity'],
  services: [{ name: 'orders', scopes: ['orders:read'] }],
  offline: true,
  ownClaims: [],
};
const APPLICATION_SIGN_OUT: Pages['application-sign-out'] = {
  xsrf: 'sample-xsrf',
  action: '/oidc/logout/confirm',
  application: 'Acme Wiki',
  others: ['Acme Mail', 'Orders'],
  lasting: ['Acme CLI'],
  provider: 'Acme Corp',
};

/** Every page in every state that looks different. */
export const SAMPLE_PAGES: readonly SamplePage[] = [
  anonymous('sign-in', (show) => {
    show('sign-in', SIGN_IN);
  }),
  anonymous('sign-in: no address', (show) => {
    show('sign-in', { ...SIGN_IN, email: 'ada', problem: 'malformed-email' });
  }),
  anonymous('sign-in: unknown domain', (show) => {
    show('sign-in', { ...SIGN_IN, email: 'ada@elsewhere.example', problem: 'unknown-domain' });
  }),
  ...(['session-ended', 'provider-removed', 'signed-out', 'sign-in-again'] as const).map((reason) =>
    anonymous(`sign-in: ${reason}`, (show) => {
      show('sign-in', { email: '', providers: PROVIDERS, reason });
    }),
  ),
  anonymous('sign-in: nowhere', (show) => {
    show('sign-in', { email: '', providers: [] });
  }),
  ...(['sign-in', 'sign-out'] as const).map((purpose) =>
    anonymous(`post-message: ${purpose}`, (show) => {
      show('post-message', {
        action: 'https://idp.example.com/sso',
        fields: { SAMLRequest: 'PHNhbWw+', RelayState: 'a"b' },
        purpose,
      });
    }),
  ),
  signedIn('mfa-verify', (show) => {
    show('mfa-verify', VERIFY);
  }),
  signedIn('mfa-verify: passkey', (show) => {
    show('mfa-verify', { ...VERIFY, method: 'passkey', passkeyOptions: PASSKEY_GET });
  }),
  signedIn('mfa-verify: passkey refused', (show) => {
    show('mfa-verify', {
      ...VERIFY,
      method: 'passkey',
      passkeyOptions: PASSKEY_GET,
      problem: { kind: 'passkey-refused' },
    });
  }),
  signedIn('mfa-verify: recovery code', (show) => {
    show('mfa-verify', { ...VERIFY, method: 'recovery-code', reason: { kind: 'manage' } });
  }),
  signedIn('mfa-verify: wrong code', (show) => {
    show('mfa-verify', { ...VERIFY, problem: { kind: 'wrong', attemptsLeft: 3 } });
  }),
  signedIn('mfa-verify: used code', (show) => {
    show('mfa-verify', {
      ...VERIFY,
      methods: ['totp'],
      reason: { kind: 'always' },
      problem: { kind: 'used', attemptsLeft: 1 },
    });
  }),
  signedIn('mfa-verify: application', (show) => {
    show('mfa-verify', { ...VERIFY, reason: { kind: 'application' } });
  }),
  signedIn('mfa-verify: too late', (show) => {
    show('mfa-verify', { ...VERIFY, problem: { kind: 'expired' } });
  }),
  signedIn('mfa-add', (show) => {
    show('mfa-add', { reason: ROLE_REASON, passkeysWork: true, first: true, returnTo: RETURN_TO });
  }),
  signedIn('mfa-add: no passkeys', (show) => {
    show('mfa-add', { reason: { kind: 'manage' }, passkeysWork: false, first: false, returnTo: '/mfa' });
  }),
  signedIn('mfa-add-totp', (show) => {
    show('mfa-add-totp', TOTP);
  }),
  signedIn('mfa-add-totp: wrong code', (show) => {
    show('mfa-add-totp', { ...TOTP, problem: { kind: 'wrong', attemptsLeft: 4 } });
  }),
  signedIn('mfa-add-passkey', (show) => {
    show('mfa-add-passkey', { passkeyOptions: PASSKEY_CREATE, returnTo: '/roles' });
  }),
  signedIn('mfa-add-passkey: name', (show) => {
    show('mfa-add-passkey', {
      passkeyOptions: PASSKEY_CREATE,
      returnTo: '/roles',
      problem: { kind: 'name' },
    });
  }),
  signedIn('recovery-codes', (show) => {
    const codes = Array.from({ length: 10 }, (_, index) =>
      `K7QD-${index}NXA-4MPW-ZR2T`.replace(/[01]/g, 'B'),
    );
    show('recovery-codes', { codes, returnTo: '/roles' });
  }),
  signedIn('factors', (show) => {
    show('factors', { factors: FACTORS, recoveryCodesLeft: 9, removable: true, done: 'added' });
  }),
  signedIn('factors: one', (show) => {
    show('factors', {
      factors: FACTORS.slice(0, 1),
      recoveryCodesLeft: 1,
      removable: false,
      done: 'renamed',
    });
  }),
  signedIn('factors: none', (show) => {
    show('factors', { factors: [], recoveryCodesLeft: 0, removable: false, done: 'removed' });
  }),
  signedIn('roles', (show) => {
    show('roles', PORTAL);
  }),
  signedIn('roles: found', (show) => {
    show('roles', { ...PORTAL, query: 'prod', accounts: PORTAL.accounts.slice(1, 2) });
  }),
  signedIn('roles: nothing found', (show) => {
    show('roles', { ...PORTAL, query: '<b>&"x', accounts: [] });
  }),
  signedIn('roles: none', (show) => {
    show('roles', {
      query: '',
      favourites: [],
      recents: [],
      accounts: [],
      total: 0,
      notices: ['group-overage'],
    });
  }),
  signedIn('role', (show) => {
    show('role', { role: DEVELOPER, durations: DURATIONS });
  }),
  signedIn('role: second factor', (show) => {
    show('role', { role: ADMIN, durations: DURATIONS });
  }),
  signedIn('credentials', (show) => {
    show('credentials', credentials(SAMPLE_TIME_MS + HOUR));
  }),
  signedIn('sessions', (show) => {
    show('sessions', SESSIONS);
  }),
  signedIn('sessions: ended', (show) => {
    show('sessions', { browsers: SESSIONS.browsers.slice(0, 1), roleSessions: [], ended: 2 });
  }),
  signedIn('sessions: nothing ended', (show) => {
    show('sessions', { ...SESSIONS, ended: 0 });
  }),
  signedIn('sign-out', (show) => {
    show('sign-out', { roleSessions: 2, provider: 'Acme Corp' });
  }),
  signedIn('sign-out: no roles', (show) => {
    show('sign-out', { roleSessions: 0, provider: 'Acme Corp' });
  }),
  anonymous('signed-out', (show) => {
    show('signed-out', {
      provider: 'Google',
      roleSessionsEnded: 0,
      roleSessionsLeft: 2,
      atProvider: 'open',
      logoutUrl: 'https://accounts.example.com/logout?a=1&b=2',
    });
  }),
  anonymous('signed-out: everywhere', (show) => {
    show('signed-out', {
      provider: 'Acme Corp',
      roleSessionsEnded: 1,
      roleSessionsLeft: 0,
      atProvider: 'ended',
    });
  }),
  anonymous('signed-out: unknown', (show) => {
    show('signed-out', {
      provider: 'Acme Corp',
      roleSessionsEnded: 3,
      roleSessionsLeft: 1,
      atProvider: 'unknown',
    });
  }),
  signedIn('consent', (show) => {
    show('consent', CONSENT);
  }),
  signedIn('consent: little', (show) => {
    show('consent', { ...CONSENT, claims: ['identity'], services: [], offline: false, ownClaims: [] });
  }),
  signedIn('consent: hostile names', (show) => {
    show('consent', {
      ...CONSENT,
      application: HOSTILE_NAME,
      redirectOrigin: `https://${'a'.repeat(63)}.${'b'.repeat(63)}.example:8443`,
      ownClaims: [HOSTILE_NAME],
      services: [{ name: HOSTILE_NAME, scopes: [HOSTILE_NAME] }],
    });
  }),
  signedIn('device-code', (show) => {
    show('device-code', DEVICE_CODE);
  }),
  ...(['missing', 'unknown', 'expired', 'used', 'denied', 'failed'] as const).map((problem) =>
    signedIn(`device-code: ${problem}`, (show) => {
      show('device-code', {
        ...DEVICE_CODE,
        problem,
        ...(problem === 'unknown' && { userCode: `"><b>${'BCDF'.repeat(20)}` }),
      });
    }),
  ),
  signedIn('device-confirm', (show) => {
    show('device-confirm', DEVICE_CONFIRM);
  }),
  anonymous('device-confirm: hostile names', (show) => {
    show('device-confirm', {
      ...DEVICE_CONFIRM,
      application: HOSTILE_NAME,
      device: HOSTILE_NAME,
      claims: [],
      services: [],
      offline: false,
    });
  }),
  signedIn('device-done', (show) => {
    show('device-done', { application: 'Acme command line' });
  }),
  signedIn('application-sign-out', (show) => {
    show('application-sign-out', APPLICATION_SIGN_OUT);
  }),
  signedIn('application-sign-out: nobody in particular', (show) => {
    const { xsrf, action, provider } = APPLICATION_SIGN_OUT;
    show('application-sign-out', { xsrf, action, provider, others: [], lasting: [] });
  }),
  signedIn('application-sign-out: hostile names', (show) => {
    show('application-sign-out', {
      ...APPLICATION_SIGN_OUT,
      application: HOSTILE_NAME,
      others: [HOSTILE_NAME],
    });
  }),
  ...Object.values(ERRORS).map((error) =>
    anonymous(`error: ${error.kind}`, (show) => {
      show('error', { ...TRACE, links: [START_AGAIN], ...error });
    }),
  ),
];

function roleSession(
  accessKeyId: string,
  { arn, name }: RoleRow,
  origin: 'this-browser' | 'other-browser' | 'elsewhere',
) {
  return {
    accessKeyId,
    roleArn: arn,
    roleName: name,
    issuedAtMs: SAMPLE_TIME_MS - 10 * MINUTE,
    expiresAtMs: SAMPLE_TIME_MS + 50 * MINUTE,
    origin,
  };
}

function role(name: string, about: Partial<RoleRow>): RoleRow {
  const account = about.account ?? '123456789012';
  return {
    arn: `arn:aws:iam::${account}:role/people/${name}`,
    name,
    account,
    ...(about.account === undefined && { accountAlias: 'acme-dev' }),
    maxDurationSeconds: 3_600,
    needsMfa: false,
    favourite: false,
    ...about,
  };
}

function anonymous(title: string, show: SamplePage['show']): SamplePage {
  return { title, person: undefined, show };
}

function signedIn(title: string, show: SamplePage['show']): SamplePage {
  return { title, person: PERSON, show };
}
