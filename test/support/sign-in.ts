import type { RequestFacts } from '../../src/domain/federation/request-facts.ts';
import type { Arn } from '../../src/domain/role/arn.ts';
import { isArn } from '../../src/domain/role/arn.ts';
import type { SignIn } from '../../src/domain/session/browser-session.ts';
import type { SamlIdentity } from '../../src/domain/identity/saml-identity.ts';

type About = {
  readonly kind?: 'web-identity' | 'saml';
  readonly subject?: string;
  readonly tags?: Readonly<Record<string, string>>;
};

const EXPIRES_AT_MS = Date.UTC(2026, 0, 2, 4);

/** A verified sign-in of alice, with OpenID Connect unless told otherwise. */
export function makeSignIn({ kind = 'web-identity', subject = 'alice', tags = {} }: About = {}): SignIn {
  const identity = {
    issuer: 'https://idp.example.com',
    subject,
    audience: 'client-1',
    conditionKeys: new Map<string, string | readonly string[]>([
      ['idp.example.com:sub', subject],
      ['idp.example.com:groups', ['developers', 'oncall']],
    ]),
    tags,
    transitiveTagKeys: [],
    proofHash: 'ab'.repeat(32),
    proofId: 'proof-1',
    expiresAtMs: EXPIRES_AT_MS,
  };
  const providerArn = arn(
    kind === 'saml'
      ? 'arn:aws:iam::123456789012:saml-provider/corp'
      : 'arn:aws:iam::123456789012:oidc-provider/idp.example.com',
  );
  return {
    identity:
      kind === 'saml'
        ? { ...identity, kind, providerArn, saml: samlFacts(subject) }
        : { ...identity, kind, providerArn },
    profile: { displayName: 'Alice Example', email: `${subject}@acme.example` },
    notices: [],
  };
}

function samlFacts(subject: string): SamlIdentity['saml'] {
  return {
    assertionId: '_assertion',
    recipient: 'https://sts.example.com/saml/corp/acs',
    subjectType: 'persistent',
    nameQualifier: 'bmFtZXF1YWxpZmllcg==',
    nameId: { value: subject, format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' },
    sessionIndex: '_session',
    issueInstantMs: EXPIRES_AT_MS - 3_600_000,
    authnInstantMs: EXPIRES_AT_MS - 3_600_000,
    attributes: new Map([['https://aws.amazon.com/SAML/Attributes/RoleSessionName', ['alice']]]),
  };
}

function arn(text: string): Arn {
  if (!isArn(text)) throw new Error(`not an ARN: ${text}`);
  return text;
}

/** A request that came at `timeMs`. */
export function makeFacts(timeMs: number): RequestFacts {
  return {
    requestId: '11111111-2222-4333-8444-555555555555',
    timeMs,
    sourceIp: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/147.0',
    region: 'us-east-1',
    secureTransport: true,
  };
}
