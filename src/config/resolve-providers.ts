import type { KeySource, OidcProvider } from '../domain/identity/oidc-provider.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { Path } from './fault.ts';
import { readKeySet } from './read-key-set.ts';
import { arnOf, INSECURE_URL, namesOf, reportDuplicates, reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import { resolveOidcSignIn, resolveSamlSignIn } from './resolve-sign-in.ts';
import type { ConfigFile } from './schema.ts';

type OidcEntry = ConfigFile['oidcProviders'][number];

/** The trusted OpenID Connect issuers. */
export function resolveOidcProviders(file: ConfigFile, resolution: Resolution): readonly OidcProvider[] {
  const entries = file.oidcProviders;
  reportDuplicates(namesOf('oidcProviders', entries), 'name', resolution);
  reportDuplicates(
    entries.map((entry, index) => ({ key: oidcArn(entry), path: ['oidcProviders', index, 'issuer'] })),
    'issuer in its account',
    resolution,
  );
  return entries.map((entry, index) => {
    const path = ['oidcProviders', index];
    if (file.outbound.http === 'deny') reportInsecureUrls(entry, path, resolution);
    if (isOwnIssuer(entry, file)) reportError(resolution, 'own-issuer', [...path, 'issuer'], OWN_ISSUER);
    if (isReserved(entry)) reportError(resolution, 'reserved-issuer', [...path, 'issuer'], RESERVED_ISSUER);
    return resolveOidcProvider(entry, path, resolution);
  });
}

function oidcArn({ account, issuer }: OidcEntry) {
  return arnOf(`arn:aws:iam::${account}:oidc-provider/${issuer.replace(/^https?:\/\//, '')}`);
}

function resolveOidcProvider(entry: OidcEntry, path: Path, resolution: Resolution): OidcProvider {
  const { name, account, issuer, audiences, algorithms, tags, sourceIdentity } = entry;
  const signIn = resolveOidcSignIn(entry, path, resolution);
  return {
    name,
    arn: oidcArn(entry),
    account,
    issuer,
    audiences,
    algorithms,
    clockSkewSeconds: entry.clockSkew,
    jwks: resolveKeySource(entry.jwks, [...path, 'jwks'], resolution),
    tags,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    ...(signIn !== undefined && { signIn }),
  };
}

const OWN_ISSUER = {
  message:
    'The bridge must not trust tokens of its own: a session could ask for one and so prolong itself for ever.',
  remedy: 'Let roles assume one another with sts:AssumeRole.',
};

// A final slash or capitals make another issuer of the same bridge: nothing it signs would match, but nobody meant that.
function isOwnIssuer({ issuer }: OidcEntry, { publicUrl }: ConfigFile): boolean {
  return URL.parse(issuer)?.origin === publicUrl && /^https?:\/\/[^/]*\/?$/.test(issuer);
}

const RESERVED_ISSUER = {
  message: 'Claims of this issuer would be condition keys of the bridge itself, such as aws:SourceIp.',
  remedy: 'Let it have a host name with a domain, or a port.',
};

/** Families of condition keys: `<issuer without scheme>:<claim>` must be in none of them. */
const RESERVED: readonly string[] = ['aws', 'sts', 'saml', 'iam', 'rolebridge'];

function isReserved({ issuer }: OidcEntry): boolean {
  return RESERVED.includes(issuer.replace(/^https?:\/\//, '').toLowerCase());
}

function reportInsecureUrls({ issuer, jwks }: OidcEntry, path: Path, resolution: Resolution): void {
  const urls = [
    { url: issuer, path: [...path, 'issuer'] },
    { url: jwks?.uri ?? '', path: [...path, 'jwks', 'uri'] },
  ];
  for (const insecure of urls.filter(({ url }) => url.startsWith('http://'))) {
    reportError(resolution, 'insecure-url', insecure.path, INSECURE_URL);
  }
}

function resolveKeySource(jwks: OidcEntry['jwks'], path: Path, resolution: Resolution): KeySource {
  if (jwks?.uri !== undefined) return { kind: 'uri', uri: jwks.uri };
  if (jwks?.file === undefined) return { kind: 'discovery' };
  return { kind: 'pinned', keys: readKeySet(jwks.file, [...path, 'file'], resolution) };
}

type SamlEntry = ConfigFile['samlProviders'][number];

/** The trusted SAML identity providers, with the metadata documents that files hold. */
export function resolveSamlProviders(file: ConfigFile, resolution: Resolution): readonly SamlProvider[] {
  const entries = file.samlProviders;
  const keys = entries.map(({ name }, index) => ({
    // The name alone is in the provider's URLs, which are its audience and recipient: no account tells two apart there.
    key: name.toLowerCase(),
    path: ['samlProviders', index, 'name'],
  }));
  reportDuplicates(keys, 'name', resolution);
  return entries.map((entry, index) => {
    const path = ['samlProviders', index];
    const metadataPath = [...path, 'metadata'];
    if (file.outbound.http === 'deny') reportInsecureMetadata(entry, metadataPath, resolution);
    const signIn = resolveSamlSignIn(entry, path, resolution);
    return resolveSamlProvider(entry, {
      metadata: resolveMetadata(entry.metadata, metadataPath, resolution),
      ...(signIn !== undefined && { signIn }),
    });
  });
}

function resolveSamlProvider(
  entry: SamlEntry,
  resolved: Pick<SamlProvider, 'metadata' | 'signIn'>,
): SamlProvider {
  const { name, account, roleAttribute, idpInitiated, audiences, signed, tags } = entry;
  const { signatureAlgorithms, encryptionAlgorithms, clockSkew, subjectFormat, sourceIdentity } = entry;
  return {
    name,
    arn: arnOf(`arn:aws:iam::${account}:saml-provider/${name}`),
    account,
    roleAttribute,
    idpInitiated,
    audiences,
    signatureAlgorithms,
    signed,
    encryptionAlgorithms,
    clockSkewSeconds: clockSkew,
    ...(subjectFormat !== undefined && { subjectFormat }),
    tags,
    ...(sourceIdentity !== undefined && { sourceIdentity }),
    ...resolved,
  };
}

function reportInsecureMetadata({ metadata }: SamlEntry, path: Path, resolution: Resolution): void {
  if (metadata.url?.startsWith('http://') !== true) return;
  reportError(resolution, 'insecure-url', [...path, 'url'], INSECURE_URL);
}

/** Characters that AWS allows at most (wire-spec 4); none takes less than a byte. */
const MAX_METADATA_BYTES = 10_000_000;

function resolveMetadata(
  { file, url }: SamlEntry['metadata'],
  path: Path,
  resolution: Resolution,
): SamlProvider['metadata'] {
  if (url !== undefined) return { kind: 'url', url };
  const read = resolution.readFile(file ?? '', MAX_METADATA_BYTES);
  const problem = 'problem' in read ? read.problem : problemOf(read.text, resolution);
  if ('text' in read && problem === undefined) return { kind: 'document', xml: read.text };
  reportError(resolution, 'malformed-metadata', [...path, 'file'], {
    message: `The metadata cannot be used: ${problem ?? ''}.`,
    remedy: 'Save the metadata document that the identity provider publishes, as it is.',
  });
  return { kind: 'document', xml: '' };
}

function problemOf(xml: string, { parseSamlMetadata }: Resolution): string | undefined {
  try {
    parseSamlMetadata(xml);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  }
}
