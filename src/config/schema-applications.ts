import { z } from 'zod';
import { APPLICATION_GRANTS } from '../domain/application/application.ts';
import {
  accountId,
  claimMapping,
  duration,
  iamName,
  policyDocument,
  scope,
  secretReference,
} from './fields.ts';
import { keySet, uri } from './url-fields.ts';

const clientId = z
  .string()
  .min(1)
  .max(255)
  // It becomes part of an ARN, where a star or a variable would name more than one.
  .regex(/^[\w.~:/@+=,!-]+$/, 'may hold letters, digits and . _ ~ : / @ + = , ! - only');

const audience = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[\u0021-\u007e]+$/, 'must be of printable ASCII without blanks');

const roleArns = z.array(z.string().min(20).max(2048)).max(1000);
const algorithm = z.enum(['RS256', 'ES256', 'EdDSA']).default('RS256');

/** An OIDC and OAuth client of the bridge. */
export const application = z.strictObject({
  clientId: clientId.describe('Unique.'),
  account: accountId.optional().describe('The account that owns it. Default: the first of `accounts`.'),
  displayName: z.string().min(1).max(128).optional().describe('For people. Default: the client id.'),
  redirectUris: z
    .array(uri)
    .max(100)
    .default([])
    .describe(
      'https, or http on this machine; of a public client also `com.example.app:/…`. Compared as text, without wildcards; only of a public client the port of a loopback address is free (RFC 8252 7.3).',
    ),
  postLogoutRedirectUris: z
    .array(uri)
    .max(100)
    .default([])
    .describe('Where people may be sent after they signed out there; as `redirectUris`.'),
  backchannelLogoutUri: uri.optional().describe('Is told when a sign-in ends. https.'),
  clientSecret: secretReference
    .optional()
    .describe(
      'Its secret, 32 random characters or more. Of this, `jwks` and `clientPolicy` one at most; absent all three: a public client.',
    ),
  clientSecretMethod: z
    .enum(['basic', 'post'])
    .optional()
    .describe('How it sends its secret: `client_secret_basic` or `client_secret_post`. Default: `basic`.'),
  jwks: keySet.optional().describe('Its public keys: it proves who it is with `private_key_jwt`.'),
  clientPolicy: policyDocument
    .optional()
    .describe(
      'Which workloads are this application, by the OIDC token of their platform: a trust policy for the action `rolebridge:AuthenticateClient`.',
    ),
  grants: z
    .array(z.enum(APPLICATION_GRANTS))
    .min(1)
    .default(['authorization_code'])
    .describe('What it may ask for.'),
  firstParty: z.boolean().default(false).describe('No consent page.'),
  audiences: z
    .array(audience)
    .max(1000)
    .default([])
    .describe('Audiences of `services` that it may have access tokens for.'),
  allowedRoles: roleArns
    .optional()
    .describe(
      'ARNs of roles that it may have credentials of. Default: those whose trust policies open them.',
    ),
  roleClaims: roleArns
    .default([])
    .describe('ARNs of roles; those that are open to the person stand in the claim `roles`.'),
  claims: claimMapping
    .default({})
    .describe('Claim of its ID tokens and of userinfo ← claim, attribute, `tags.<name>` or condition key.'),
  exchangePolicy: policyDocument
    .optional()
    .describe(
      'Who may exchange what for an ID token of it: a trust policy for `rolebridge:ExchangeToken`. Default: nobody.',
    ),
  idTokenLifetime: duration({ min: '1m', max: '12h' }).prefault('10m').describe('Of its ID tokens.'),
  refreshTokenLifetime: duration({ min: '1m', max: '90d' })
    .prefault('14d')
    .describe('Of its refresh tokens.'),
  idTokenAlgorithm: algorithm.describe('What its ID tokens are signed with.'),
  requirePushedRequests: z
    .boolean()
    .default(false)
    .describe('It must push its authorization requests (PAR, RFC 9126).'),
  requireDpop: z.boolean().default(false).describe('Its tokens are bound to its key (DPoP, RFC 9449).'),
});

/** A resource server. */
export const service = z.strictObject({
  name: iamName(128).describe('Unique in its account.'),
  account: accountId,
  audience: audience.describe('The audience of its access tokens; unique.'),
  scopes: z.array(scope).max(1000).default([]).describe('Scopes that exist there.'),
  tokenLifetime: duration({ min: '1m', max: '12h' }).prefault('10m').describe('Of its access tokens.'),
  algorithm: algorithm.describe('What its access tokens are signed with.'),
  claims: claimMapping
    .default({})
    .describe('Claim of its access tokens ← claim, attribute, `tags.<name>` or condition key.'),
  clientId: clientId
    .optional()
    .describe('The application that may exchange the tokens which this service was sent.'),
  exchangePolicy: policyDocument
    .optional()
    .describe(
      'Who may exchange what for a token of this audience: a trust policy for `rolebridge:ExchangeToken`. Default: nobody.',
    ),
});
