/** What each page shows. Texts that are equal for everybody stand in the catalogue; here is only what differs. */
export type Pages = {
  /** `/signin`: find the provider by e-mail address or button. Posts `email` and `return_to` to `/signin`. */
  readonly 'sign-in': {
    readonly email: string;
    readonly problem?: 'malformed-email' | 'unknown-domain';
    /** Why somebody is here who did not ask to be. */
    readonly reason?: 'session-ended' | 'provider-removed' | 'signed-out' | 'sign-in-again';
    /** The last used first. */
    readonly providers: readonly ProviderChoice[];
    readonly returnTo?: string;
  };
  /** Passes a SAML message on by a form that posts itself; without scripts its button does. */
  readonly 'post-message': {
    readonly action: string;
    readonly fields: Readonly<Record<string, string>>;
    readonly purpose: 'sign-in' | 'sign-out';
  };
  /** `/mfa/verify`: prove a second factor. */
  readonly 'mfa-verify': {
    readonly method: 'passkey' | 'totp' | 'recovery-code';
    /** All that the person could use, the preferred one first. Links to `/mfa/verify?method=…&return_to=…`. */
    readonly methods: readonly ('passkey' | 'totp' | 'recovery-code')[];
    readonly reason: MfaReason;
    readonly problem?: FactorProblem;
    /** JSON of `PublicKeyCredentialRequestOptions`, where the method is a passkey. */
    readonly passkeyOptions?: string;
    readonly returnTo: string;
  };
  /** `/mfa/add`: choose what to enrol. */
  readonly 'mfa-add': {
    readonly reason: MfaReason;
    /** Passkeys need a host name: at an IP address there are none. */
    readonly passkeysWork: boolean;
    /** Whether it is the person's first. */
    readonly first: boolean;
    readonly returnTo: string;
  };
  /** `/mfa/add/totp`: scan, then prove one code. Posts `code`, `name`, `return_to`. */
  readonly 'mfa-add-totp': {
    /** SVG markup of our own making. */
    readonly qrSvg: string;
    /** Base32 in groups of four. */
    readonly secret: string;
    /** `otpauth://totp/…` */
    readonly uri: string;
    readonly problem?: FactorProblem;
    readonly returnTo: string;
  };
  /** `/mfa/add/passkey`. Posts `response` (JSON), `name`, `return_to`. */
  readonly 'mfa-add-passkey': {
    /** JSON of `PublicKeyCredentialCreationOptions`. */
    readonly passkeyOptions: string;
    readonly problem?: FactorProblem;
    readonly returnTo: string;
  };
  /** Shown once, after the first factor and whenever new codes are made. Posts `saved` to `/mfa/recovery-codes/saved`. */
  readonly 'recovery-codes': { readonly codes: readonly string[]; readonly returnTo: string };
  /** `/mfa`: the person's factors. Each posts to `/mfa/factors/{id}/rename` or `/remove`; new codes to `/mfa/recovery-codes`. */
  readonly factors: {
    readonly factors: readonly FactorRow[];
    readonly recoveryCodesLeft: number;
    /** The last factor stays. */
    readonly removable: boolean;
    readonly done?: 'renamed' | 'removed' | 'added';
  };
  /** `/roles`. Search is `?q=`; a star posts to `/roles/{arn}/favourite`. */
  readonly roles: {
    readonly query: string;
    readonly favourites: readonly RoleRow[];
    readonly recents: readonly RoleRow[];
    readonly accounts: readonly AccountRoles[];
    /** All roles that are open, search apart. */
    readonly total: number;
    readonly notices: readonly 'group-overage'[];
  };
  /** `/roles/{arn}`: choose a duration. Posts `duration` (seconds) to the same path. */
  readonly role: {
    readonly role: RoleRow;
    readonly durations: readonly { readonly seconds: number; readonly selected: boolean }[];
  };
  /** The answer to that post: never cached, never in a URL. */
  readonly credentials: {
    readonly role: RoleRow;
    readonly blocks: readonly CredentialBlock[];
    readonly accessKeyId: string;
    readonly expiresAtMs: number;
    readonly durationSeconds: number;
  };
  /** `/sessions`. Posts `id` to `/sessions/revoke` (`kind` browser or role), or to `/sessions/revoke-others`, `/sessions/revoke-all`. */
  readonly sessions: {
    readonly browsers: readonly BrowserRow[];
    readonly roleSessions: readonly RoleSessionRow[];
    readonly ended?: number;
  };
  /** `/signout`: asks before it ends anything. Posts `revoke_roles`. */
  readonly 'sign-out': { readonly roleSessions: number; readonly provider: string };
  readonly 'signed-out': {
    readonly provider: string;
    readonly roleSessionsEnded: number;
    readonly roleSessionsLeft: number;
    /** Whether the provider's own session ended, too; `open`: it goes on, and `logoutUrl` ends it where it can be ended. */
    readonly atProvider: 'ended' | 'open' | 'unknown';
    readonly logoutUrl?: string;
  };
  /**
   * `/oidc/interaction/{uid}`: what an application that is not ours may learn and do. Posts `answer` (`allow` or `deny`) to the
   * same path.
   */
  readonly consent: Wishes & {
    readonly application: string;
    /** The origin that the browser goes back to: a name can be anybody's. */
    readonly redirectOrigin: string;
  };
  /** `/device`: type the code that a device shows. Posts `user_code` and `xsrf`. */
  readonly 'device-code': {
    readonly xsrf: string;
    readonly problem?: 'missing' | 'unknown' | 'expired' | 'used' | 'denied' | 'failed';
    readonly userCode?: string;
  };
  /**
   * Shown before anything is opened, also where a link brought the code. Posts `user_code`, `xsrf` and `confirm=yes` or
   * `abort=yes` to `/device`; both answers look alike.
   */
  readonly 'device-confirm': Wishes & {
    readonly xsrf: string;
    /** `BCDF-GHJK`. */
    readonly userCode: string;
    readonly application: string;
    readonly requestedAtMs: number;
    readonly sourceIp: string;
    /** `curl on Linux`, from the user agent of the device. */
    readonly device: string;
  };
  /** `/device/{uid}`: the device may go on. */
  readonly 'device-done': { readonly application: string };
  /** `/oidc/session/end`: an application asks to sign out. Posts `xsrf` and `logout=yes`, or nothing of it to stay, to `action`. */
  readonly 'application-sign-out': {
    readonly xsrf: string;
    readonly action: string;
    readonly application?: string;
    /** The other applications whose sign-in ends, too. */
    readonly others: readonly string[];
    /** Those that may go on without the person, as they were allowed to (`offline_access`). */
    readonly lasting: readonly string[];
    readonly provider: string;
  };
  /** Never a dead end: `links` is never empty. */
  readonly error: {
    readonly kind: ErrorKind;
    /** `7F3K-Q2MD`; where nothing was recorded, the request id stands for it. */
    readonly reference?: string;
    readonly requestId: string;
    readonly timeMs: number;
    readonly links: readonly ErrorLink[];
    /** The provider that it is about. */
    readonly provider?: string;
    readonly retryAfterSeconds?: number;
  };
};

export type PageName = keyof Pages;

export type ProviderChoice = {
  readonly name: string;
  readonly displayName: string;
  readonly lastUsed: boolean;
};

/** Why a second factor is asked for. */
export type MfaReason =
  | { readonly kind: 'role'; readonly roleName: string }
  /** The bridge wants one of everybody (`mfa.required: always`). */
  | { readonly kind: 'always' }
  /** An application wants to know better who it is. */
  | { readonly kind: 'application' }
  /** To change one's factors. */
  | { readonly kind: 'manage' };

export type FactorProblem =
  | { readonly kind: 'wrong'; readonly attemptsLeft: number }
  /** A code that worked before. */
  | { readonly kind: 'used'; readonly attemptsLeft: number }
  | { readonly kind: 'passkey-refused' }
  /** What was begun was not finished in time, or in another tab: a new one is on the page. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'name' };

export type FactorRow = {
  readonly id: string;
  readonly kind: 'totp' | 'passkey';
  readonly name: string;
  readonly addedAtMs: number;
  readonly lastUsedAtMs?: number;
};

export type RoleRow = {
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly accountAlias?: string;
  readonly description?: string;
  readonly maxDurationSeconds: number;
  readonly needsMfa: boolean;
  readonly favourite: boolean;
};

export type AccountRoles = {
  readonly account: string;
  readonly alias?: string;
  readonly roles: readonly RoleRow[];
};

/** One tab of the credentials page. */
export type CredentialBlock = {
  readonly id: 'bash' | 'powershell' | 'cmd' | 'dotenv' | 'file' | 'values' | 'process';
  /** Lines to paste; `values` has one per value, with its name. A line with a secret is masked until it is revealed. */
  readonly lines: readonly {
    readonly text: string;
    readonly masked: string;
    readonly name?: CredentialValueName;
  }[];
};

export type CredentialValueName =
  'access-key-id' | 'secret-access-key' | 'session-token' | 'expiration' | 'region' | 'endpoint';

export type BrowserRow = {
  readonly id: string;
  readonly current: boolean;
  /** `Chrome on Linux`, from the user agent. */
  readonly device: string;
  readonly sourceIp: string;
  readonly startedAtMs: number;
  readonly lastSeenAtMs: number;
  readonly method?: 'passkey' | 'totp' | 'recovery-code' | 'provider';
};

export type RoleSessionRow = {
  readonly accessKeyId: string;
  readonly roleArn: string;
  readonly roleName: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** Which sign-in it came from; `elsewhere`: a command line or tool that brought its own proof. */
  readonly origin: 'this-browser' | 'other-browser' | 'elsewhere';
};

/** What a person is told of a failure: never why a proof was refused, that would guide a forger. */
export type ErrorKind =
  | 'malformed'
  | 'too-large'
  | 'too-slow'
  | 'sign-in-refused'
  | 'attempt-unknown'
  | 'provider-denied'
  | 'provider-failed'
  | 'provider-unreachable'
  | 'provider-unknown'
  | 'forged'
  | 'role-refused'
  | 'factor-locked'
  | 'not-found'
  /** An application sent the browser with a request that it may not make. */
  | 'application-failed'
  /** The request of an application waited too long, or is of another browser. */
  | 'application-expired'
  | 'unavailable'
  | 'internal';

/** What an application learns; `roles`: which roles are open to the person. */
export type ConsentClaim = 'identity' | 'profile' | 'email' | 'roles';

/** What an application wants of a person. */
type Wishes = {
  /** What it learns, by standard scope. */
  readonly claims: readonly ConsentClaim[];
  /** What it learns under names of the installation's own. */
  readonly ownClaims: readonly string[];
  /** What it may do at services. */
  readonly services: readonly { readonly name: string; readonly scopes: readonly string[] }[];
  /** Whether it may go on while the person is away. */
  readonly offline: boolean;
};

export type ErrorLink = {
  readonly to: 'start-again' | 'another-provider' | 'roles' | 'retry';
  readonly href: string;
};
