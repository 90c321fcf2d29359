import { z } from 'zod';
import { TOKEN_ALGORITHMS } from '../domain/identity/oidc-provider.ts';
import { OIDC_PRESETS } from '../domain/identity/sign-in-settings.ts';
import { SAML_ENCRYPTION_ALGORITHMS, SAML_SIGNATURE_ALGORITHMS } from '../domain/identity/saml-provider.ts';
import {
  accountId,
  claimPath,
  duration,
  exactlyOne,
  host,
  iamName,
  iamPath,
  inlinePolicies,
  managedPolicies,
  network,
  permissionsBoundary,
  policyDocument,
  port,
  secretReference,
  tagMapping,
  tags,
} from './fields.ts';
import { application, service } from './schema-applications.ts';
import { domainName, httpUrl, issuer, keySet, publicOrigin, redisUrl } from './url-fields.ts';

const DEFAULT_SAML_AUDIENCES = ['urn:amazon:webservices', 'https://signin.aws.amazon.com/saml'];

const SOUND_SAML_SIGNATURES = SAML_SIGNATURE_ALGORITHMS.filter((name) => name !== 'rsa-sha1');
const SOUND_SAML_ENCRYPTION: (typeof SAML_ENCRYPTION_ALGORITHMS)[number][] = [
  'aes128-gcm',
  'aes256-gcm',
  'rsa-oaep',
];

const listen = z.strictObject({
  host: host.default('127.0.0.1').describe('Address to listen on.'),
  port: port.default(8080).describe('0 lets the system choose.'),
  trustedProxies: z
    .array(network)
    .default([])
    .describe('Addresses or networks of the proxies whose `X-Forwarded-For` is believed. Default: none.'),
});

const management = z.strictObject({
  host: host.default('127.0.0.1').describe('Address to listen on.'),
  port: port.default(9090).describe('0 lets the system choose.'),
});

const sqlite = z.strictObject({
  path: z.string().min(1).max(4096).describe('The database file, relative to the working directory.'),
});

const redis = exactlyOne(['url', 'cluster', 'sentinels'], {
  url: redisUrl.optional().describe('One server.'),
  cluster: z.array(redisUrl).min(1).max(64).optional().describe('Some nodes of a Redis Cluster.'),
  sentinels: z.array(redisUrl).min(1).max(64).optional().describe('The Sentinels; needs `master`.'),
  master: z.string().min(1).max(128).optional().describe("The name of the Sentinels' master."),
  username: z.string().min(1).max(128).optional().describe('ACL user.'),
  password: secretReference.optional().describe('Its password.'),
}).refine(
  (value) => (value.sentinels === undefined) === (value.master === undefined),
  '`sentinels` and `master` go together',
);

const store = exactlyOne(['sqlite', 'redis'], {
  sqlite: sqlite.optional().describe('Embedded: one machine, any number of worker processes.'),
  redis: redis.optional().describe('To scale out.'),
});

const outboundSwitch = z.enum(['allow', 'deny']).default('deny');
const outbound = z.strictObject({
  privateAddresses: outboundSwitch.describe(
    'Whether identity providers may be at private or loopback addresses.',
  ),
  http: outboundSwitch.describe('Whether identity providers may be reached, and issuers named, without TLS.'),
  timeout: duration({ min: '1s', max: '30s' }).prefault('5s').describe('For one whole request.'),
});

const account = z.strictObject({
  id: accountId.describe('Twelve digits, in quotes.'),
  alias: z
    .string()
    .min(3)
    .max(63)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'may hold lower-case letters, digits and single hyphens only')
    .optional()
    .describe('A name for people.'),
  outboundWebIdentityFederation: z
    .boolean()
    .default(false)
    .describe(
      'Whether its roles and users may have tokens for other services (`GetWebIdentityToken`), where their policies allow it.',
    ),
});

const displayName = z.string().min(1).max(128).describe('What the button says.');
const domains = z.array(domainName).default([]).describe('E-mail domains that lead to this provider.');
const providerMfa = z
  .enum(['trust-amr', 'trust-acr', 'never'])
  .default('never')
  .describe("Whether the provider's own MFA counts.");

const mfaValues = z
  .array(z.string().min(1).max(256))
  .min(1)
  .max(50)
  .optional()
  .describe(
    'Values of `amr` or `acr` (SAML: of the AuthnContextClassRef), any of which means a second factor. Default: the usual ones.',
  );

const oidcSignIn = z.strictObject({
  displayName,
  preset: z
    .enum(OIDC_PRESETS)
    .optional()
    .describe(
      'How the provider departs from the standard. Default: by the host of `issuer`, else `generic`.',
    ),
  clientId: z.string().min(1).max(255).describe('Our client id there.'),
  clientSecret: secretReference.optional().describe('Our client secret there.'),
  scopes: z
    .array(z.string().min(1).max(128))
    .default(['openid', 'email', 'profile'])
    .describe('Scopes to ask for.'),
  domains,
  hostedDomains: z
    .array(domainName)
    .max(100)
    .default([])
    .describe('Google only: the Workspace domains (`hd`) whose people may come. Default: any account.'),
  mfa: providerMfa,
  mfaValues,
});

const oidcProvider = z.strictObject({
  name: iamName(128).describe('A name for people and for `/signin/<name>`.'),
  account: accountId,
  issuer: issuer.describe(
    'Equal to `iss`. ARN: `arn:aws:iam::<account>:oidc-provider/<issuer without scheme>`.',
  ),
  audiences: z
    .array(z.string().min(1).max(255))
    .min(1)
    .max(100)
    .describe('Accepted audiences (IAM: client IDs).'),
  algorithms: z
    .array(z.enum(TOKEN_ALGORITHMS))
    .min(1)
    .default([...TOKEN_ALGORITHMS])
    .describe('Accepted signature algorithms; symmetric ones do not exist here.'),
  clockSkew: duration({ min: '0s', max: '5m' })
    .prefault('60s')
    .describe('How far its clock may be from ours; AWS allows `5m`.'),
  jwks: keySet.optional().describe('Where its keys come from. Default: discovery.'),
  tags: tagMapping.default({}).describe('Session tag ← claim path, such as `team: "groups[0]"`.'),
  sourceIdentity: claimPath.optional().describe('Claim path of the source identity.'),
  signIn: oidcSignIn.optional().describe('Present: people may sign in with it in a browser.'),
});

const samlProvider = z.strictObject({
  name: z
    .string()
    .max(128)
    .regex(/^[\w.-]+$/, 'may hold letters, digits and . _ - only')
    .refine((name) => !/^\.{1,2}$/.test(name), 'must not be . or .., which URLs resolve away')
    .describe(
      'ARN: `arn:aws:iam::<account>:saml-provider/<name>`. Also in `/saml/<name>/…`, so it is unique over all accounts.',
    ),
  account: accountId,
  metadata: exactlyOne(['file', 'url'], {
    file: z.string().min(1).max(4096).optional().describe("Relative to this file's folder."),
    url: httpUrl.optional().describe('Fetched and refreshed.'),
  }).describe("The identity provider's metadata."),
  roleAttribute: z
    .enum(['required', 'optional'])
    .default('required')
    .describe("`required`: the assertion's Role attribute must list the pair, as AWS wants."),
  idpInitiated: z
    .enum(['deny', 'allow'])
    .default('deny')
    .describe('Whether an unasked-for assertion signs in.'),
  audiences: z
    .array(z.string().min(1).max(1024))
    .min(1)
    .default(DEFAULT_SAML_AUDIENCES)
    .describe('Accepted as Audience and Recipient beside our own, for AssumeRoleWithSAML only.'),
  signatureAlgorithms: z
    .array(z.enum(SAML_SIGNATURE_ALGORITHMS))
    .min(1)
    .default(SOUND_SAML_SIGNATURES)
    .describe('Accepted signature and digest algorithms; name `rsa-sha1` for an old IdP only.'),
  signed: z
    .enum(['assertion', 'message', 'either', 'both'])
    .default('either')
    .describe('What must be signed; `either`: the assertion, or the message that contains it.'),
  encryptionAlgorithms: z
    .array(z.enum(SAML_ENCRYPTION_ALGORITHMS))
    .min(1)
    .default(SOUND_SAML_ENCRYPTION)
    .describe(
      'Accepted for encrypted assertions; CBC and `rsa-oaep-mgf1p` (SHA-1) count only where they are named.',
    ),
  clockSkew: duration({ min: '0s', max: '60s' })
    .prefault('60s')
    .describe('How far its clock may be from ours.'),
  subjectFormat: z
    .string()
    .min(1)
    .max(256)
    .regex(/^urn:[\u0021-\u007e]+$|^https?:\/\/[\u0021-\u007e]+$/, 'must be a URI')
    .optional()
    .describe(
      'The NameID format that is asked for and then required, e.g. `urn:oasis:names:tc:SAML:2.0:nameid-format:persistent`.',
    ),
  tags: tagMapping.default({}).describe('Session tag ← attribute.'),
  sourceIdentity: claimPath.optional().describe('Attribute that gives the source identity.'),
  signIn: z
    .strictObject({ displayName, domains, mfa: providerMfa, mfaValues })
    .optional()
    .describe('Present: people may sign in with it in a browser.'),
});

const role = z.strictObject({
  name: iamName(64).describe('Unique in its account, ignoring case.'),
  account: accountId,
  path: iamPath.default('/').describe('ARN: `arn:aws:iam::<account>:role/<path><name>`.'),
  description: z.string().max(1000).optional().describe('For people.'),
  maxSessionDuration: duration({ min: '1h', max: '12h' })
    .prefault('1h')
    .describe('The longest session, `1h` to `12h`.'),
  trustPolicy: policyDocument.describe('Who may assume it: a policy document without Resource.'),
  inlinePolicies: inlinePolicies.default({}),
  managedPolicies: managedPolicies.default([]),
  permissionsBoundary: permissionsBoundary.optional(),
  tags: tags.default({}).describe('Role tags.'),
  singleUseToken: z.boolean().default(false).describe('A web identity token opens this role once.'),
});

const accessKey = z.strictObject({
  id: z
    .string()
    .regex(/^AKIA[A-Z0-9]{16}$/, 'must be AKIA and 16 capital letters or digits')
    .describe('`AKIA` and 16 capital letters or digits; unique.'),
  secret: secretReference.describe('The secret access key.'),
  status: z.enum(['Active', 'Inactive']).default('Active').describe('An inactive key signs nothing.'),
});

const mfaDevice = z.strictObject({
  serial: z
    .string()
    .min(9)
    .max(256)
    .regex(/^[\w+=/:,.@-]+$/, 'may hold letters, digits and + = / : , . @ _ - only')
    .describe('`arn:aws:iam::<account>:mfa/<name>` or a hardware serial; unique.'),
  totpSecret: secretReference.describe('The TOTP seed, base32.'),
});

const user = z.strictObject({
  name: iamName(64).describe(
    'Unique in its account, ignoring case. ARN: `arn:aws:iam::<account>:user/<name>`.',
  ),
  account: accountId,
  root: z
    .boolean()
    .default(false)
    .describe("The account's root user, `arn:aws:iam::<account>:root`: may do all, assumes no roles."),
  groups: z.array(iamName(128)).max(10).default([]).describe('Names of `groups` in the same account.'),
  accessKeys: z.array(accessKey).max(2).default([]).describe('Long-lived keys.'),
  mfaDevices: z.array(mfaDevice).max(8).default([]).describe('TOTP devices.'),
  inlinePolicies: inlinePolicies.default({}),
  managedPolicies: managedPolicies.default([]),
  permissionsBoundary: permissionsBoundary.optional(),
  tags: tags.default({}).describe('User tags.'),
});

const group = z.strictObject({
  name: iamName(128).describe('Unique in its account, ignoring case.'),
  account: accountId,
  inlinePolicies: inlinePolicies.default({}),
  managedPolicies: managedPolicies.default([]),
});

const level = z.strictObject({
  level: z.string().min(1).max(128).describe('`root`, or the name of a unit.'),
  accounts: z.array(accountId).optional().describe('The accounts below this level. Default: all.'),
  documents: z
    .array(policyDocument.describe('A policy document.'))
    .min(1)
    .describe('Any of them may allow; every level must.'),
});

const organization = z.strictObject({
  id: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, 'must be o- and 10 to 32 lower-case letters or digits')
    .optional()
    .describe('`aws:PrincipalOrgID`.'),
  managementAccount: accountId.optional().describe('The account that no organization policy binds.'),
  serviceControlPolicies: z
    .array(level)
    .default([])
    .describe('What the accounts may do at most, root level first.'),
  resourceControlPolicies: z
    .array(level)
    .default([])
    .describe(
      "What may be done to the accounts' resources at most, root level first; each level also allows all, as AWS's do.",
    ),
});

const managedPolicy = z.strictObject({
  name: iamName(128).describe('ARN: `arn:aws:iam::<account>:policy/<name>`.'),
  account: accountId,
  document: policyDocument.describe('A policy document.'),
});

const mfa = z.strictObject({
  required: z
    .enum(['always', 'by-policy'])
    .default('by-policy')
    .describe('When people are asked for a second factor.'),
  issuerName: z.string().min(1).max(64).default('Rolebridge').describe('What authenticator apps show.'),
});

const browserSession = z.strictObject({
  idle: duration({ min: '1m', max: '30d' })
    .prefault('1h')
    .describe('Ends after this long without a request.'),
  absolute: duration({ min: '1m', max: '90d' }).prefault('12h').describe('Ends after this long in any case.'),
});

const branding = z.strictObject({
  name: z.string().min(1).max(64).default('Rolebridge').describe('Stands where Rolebridge would.'),
  accent: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as #1f5fbf')
    .default('#3347b8')
    .describe('Colour of buttons and links, `#rrggbb`: 4.5:1 on white at least.'),
  logo: z
    .strictObject({
      file: z
        .string()
        .min(1)
        .max(4096)
        .describe("SVG or PNG, at most 20 kB; relative to this file's folder."),
    })
    .optional()
    .describe('Stands beside the name.'),
});

/**
 * The whole configuration file, one key after the other. Durations are seconds in its output.
 * Where no meaning is lost every key has a default; unknown keys are refused.
 */
export const configSchema = z.strictObject({
  publicUrl: publicOrigin.describe(
    'The origin that browsers, SDKs and identity providers see; https unless loopback.',
  ),
  listen: listen.prefault({}).describe('The public port.'),
  management: management.prefault({}).describe('Health and metrics; never the public port.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be a region name such as us-east-1')
    .default('us-east-1')
    .describe('Named in audit records.'),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('The least severe lines that are logged.'),
  store: store
    .prefault({ sqlite: { path: '.rolebridge/state.db' } })
    .describe('Where sessions and audit records live: exactly one kind.'),
  masterKey: secretReference
    .prefault({ file: '.rolebridge/master.key' })
    .describe(
      'The key ring that seals secrets at rest. A file is relative to the working directory and created with mode 0600 when it does not exist.',
    ),
  outbound: outbound.prefault({}).describe('Requests to identity providers.'),
  sts: z
    .strictObject({
      errorReference: z
        .enum(['element', 'message'])
        .default('element')
        .describe(
          "Where a refusal's reference goes: an XML element and header, or the message's end as well.",
        ),
    })
    .prefault({})
    .describe('The STS API.'),
  tokens: z
    .strictObject({
      keyRotation: duration({ min: '1d', max: '400d' })
        .prefault('90d')
        .describe('No key signs for longer; the next one is published an hour before it does.'),
    })
    .prefault({})
    .describe('Tokens that the bridge signs.'),
  accounts: z.array(account).min(1).describe('The accounts that exist here.'),
  oidcProviders: z.array(oidcProvider).default([]).describe('OpenID Connect issuers that are trusted.'),
  samlProviders: z.array(samlProvider).default([]).describe('SAML identity providers that are trusted.'),
  roles: z.array(role).default([]).describe('What can be assumed.'),
  users: z.array(user).default([]).describe('People or machines with long-lived keys: few, and better none.'),
  groups: z.array(group).default([]).describe('Policies that several users share.'),
  organization: organization.prefault({}).describe('Policies above the accounts.'),
  policies: z.array(managedPolicy).default([]).describe('Customer managed policies.'),
  applications: z.array(application).default([]).describe('OIDC and OAuth clients of the bridge.'),
  services: z
    .array(service)
    .default([])
    .describe('Resource servers: the audiences for which access tokens are issued.'),
  mfa: mfa.prefault({}).describe('Second factors of people.'),
  browserSession: browserSession.prefault({}).describe('Sign-ins of people.'),
  branding: branding.prefault({}).describe('How the pages look.'),
  audit: z
    .strictObject({
      retain: duration({ min: '1h', max: '9999d' }).prefault('90d').describe('How long records are kept.'),
    })
    .prefault({})
    .describe('The audit log.'),
});

/** The file's content once it has the right shape; references are not resolved yet. */
export type ConfigFile = z.output<typeof configSchema>;
