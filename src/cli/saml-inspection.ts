import { X509Certificate, type KeyObject } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { FederationError } from '../domain/errors.ts';
import type { SamlIdpEntity } from '../domain/identity/saml-metadata.ts';
import {
  SAML_SIGNATURE_ALGORITHMS,
  type SamlProvider,
  type SamlSignatureAlgorithm,
} from '../domain/identity/saml-provider.ts';
import { parseIdpMetadata, SamlMetadataError } from '../protocols/saml/metadata.ts';
import { SAML_PROTOCOL } from '../protocols/saml/namespaces.ts';
import { isNamed, parseXml } from '../protocols/saml/xml-document.ts';
import { XmlError } from '../protocols/saml/xml-error.ts';
import { verifyEnvelopedSignature } from '../protocols/saml/xml-signature.ts';
import { acceptanceOf, type Acceptance, type Refusal } from './saml-acceptance.ts';
import {
  certificateIn,
  describeCertificate,
  describeResponse,
  findSignatures,
  type CertificateDescription,
  type ResponseDescription,
  type SignatureDescription,
} from './saml-description.ts';
import { createOfflineVerifier, type OfflineVerifier } from './saml-verifier.ts';

const MAX_METADATA_CHARACTERS = 10_000_000;

/** What of a response holds, beside what it says. */
export type ResponseInspection = {
  readonly kind: 'response';
  readonly at: string;
  /** Not verified: whoever wrote the message could write anything. */
  readonly says: ResponseDescription;
  readonly signatures: readonly CheckedSignature[];
  /** One for each provider here whose metadata has the issuer; absent where there is no configuration. */
  readonly acceptances?: readonly Acceptance[];
  /** Providers that could not be asked, with why. */
  readonly unreachable: readonly { readonly provider: string; readonly reason: string }[];
};

export type CheckedSignature = SignatureDescription & {
  /** The key that made the signature, from a provider's metadata. */
  readonly verifiedBy?: { readonly provider: string; readonly key: CertificateDescription | undefined };
  /** Why it does not hold; absent, too, where there was no key to try. */
  readonly fault?: string;
};

export type MetadataInspection = {
  readonly kind: 'metadata';
  readonly signature?: SignatureDescription & { readonly fault?: string };
  readonly validUntil?: string;
  readonly cacheDurationSeconds?: number;
  readonly entities: readonly EntityInspection[];
};

type EntityInspection = Omit<SamlIdpEntity, 'signingKeys'> & {
  readonly signingKeys: readonly (CertificateDescription | undefined)[];
  /** Providers here that have this entity, and in what the document differs from what they use; absent without a configuration. */
  readonly providers?: readonly { readonly arn: string; readonly difference: string }[];
};

/** A document that cannot be read at all: the first rule is the only one. */
type Unreadable = { readonly kind: 'unreadable'; readonly refusal: Refusal };

export type Inspection = ResponseInspection | MetadataInspection | Unreadable;

/**
 * Reads a metadata document or a response (XML or base64) and asks the configuration what it makes of it.
 *
 * @param config absent: what the document says is told, and nothing is asked
 */
export async function inspectSaml(
  given: string,
  nowMs: number,
  config: Config | undefined,
): Promise<Inspection> {
  const xml = toXml(given);
  try {
    return rootNameOf(xml).startsWith('Entit')
      ? await inspectMetadata(xml, config)
      : await inspectResponse(xml, nowMs, config);
  } catch (error) {
    const isOurs = error instanceof XmlError || error instanceof SamlMetadataError;
    if (!isOurs) throw error;
    const rule = error instanceof XmlError ? `The document ${error.message}.` : error.message;
    return { kind: 'unreadable', refusal: { code: 'malformed', rule } };
  }
}

function toXml(given: string): string {
  const text = given.trim();
  return text.startsWith('<') || text.startsWith('\ufeff<') ? text : Buffer.from(text, 'base64').toString();
}

/** The first start tag's local name: enough to choose a reader, which then looks for itself. */
function rootNameOf(xml: string): string {
  return /<(?![?!])(?:[\w.-]+:)?([\w.-]+)/.exec(xml.slice(0, 10_000))?.[1] ?? '';
}

async function inspectResponse(
  xml: string,
  nowMs: number,
  config: Config | undefined,
): Promise<ResponseInspection> {
  const root = parseXml(xml);
  if (!isNamed(root, SAML_PROTOCOL, 'Response'))
    throw new XmlError('is neither a Response nor metadata of an identity provider');
  const says = describeResponse(root);
  const at = new Date(nowMs).toISOString();
  const encrypted = says.encryptedAssertions.length > 0 ? 'yes' : 'no';
  const verifier = config && createOfflineVerifier(config, { encrypted });
  const { found, unreachable } = verifier
    ? await findProviders(says.issuer, config.samlProviders, verifier)
    : { found: [], unreachable: [] };
  const signatures = findSignatures(root).map(({ element, description }) =>
    checkSignature(xml, element, description, found),
  );
  const inspection = { kind: 'response', at, says, signatures, unreachable } as const;
  if (!verifier) return inspection;
  const base64 = Buffer.from(xml).toString('base64');
  const acceptances = await Promise.all(
    found.map(({ provider }) =>
      acceptanceOf(provider, ({ arn }) => verifier.verify(base64, arn, nowMs), nowMs, config),
    ),
  );
  return { ...inspection, acceptances };
}

type Found = { readonly provider: SamlProvider; readonly entity: SamlIdpEntity };

async function findProviders(
  issuer: string | undefined,
  providers: readonly SamlProvider[],
  { metadataOf }: Pick<OfflineVerifier, 'metadataOf'>,
): Promise<Pick<ResponseInspection, 'unreachable'> & { readonly found: readonly Found[] }> {
  const found: Found[] = [];
  const unreachable: ResponseInspection['unreachable'][number][] = [];
  for (const provider of providers) {
    try {
      const { entities } = await metadataOf(provider);
      const entity = entities.find(({ entityId }) => entityId === issuer);
      if (entity) found.push({ provider, entity });
    } catch (error) {
      if (!(error instanceof FederationError)) throw error;
      unreachable.push({ provider: provider.arn, reason: error.message });
    }
  }
  return { found, unreachable };
}

function checkSignature(
  xml: string,
  element: Element,
  description: SignatureDescription,
  found: readonly Found[],
): CheckedSignature {
  const attempts = found.flatMap(({ provider, entity }) =>
    entity.signingKeys.map(({ key, certificate }) => {
      const trust = { key, algorithms: provider.signatureAlgorithms };
      return { provider: provider.arn, certificate, fault: faultOf(xml, element, trust) };
    }),
  );
  const good = attempts.find(({ fault }) => fault === undefined);
  if (good) {
    return { ...description, verifiedBy: { provider: good.provider, key: describePem(good.certificate) } };
  }
  const fault = attempts[0]?.fault;
  return { ...description, ...(fault === undefined ? {} : { fault }) };
}

type OneKey = {
  readonly key: KeyObject;
  readonly algorithms: readonly SamlSignatureAlgorithm[];
};

function faultOf(xml: string, element: Element, { key, algorithms }: OneKey): string | undefined {
  try {
    verifyEnvelopedSignature(xml, element, { keys: [key], algorithms });
    return undefined;
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
}

async function inspectMetadata(xml: string, config: Config | undefined): Promise<MetadataInspection> {
  const { entities, validUntilMs, cacheDurationMs } = parseIdpMetadata(xml);
  const signature = describeOwnSignature(xml);
  return {
    kind: 'metadata',
    ...(signature === undefined ? {} : { signature }),
    ...(validUntilMs === undefined ? {} : { validUntil: new Date(validUntilMs).toISOString() }),
    ...(cacheDurationMs === undefined ? {} : { cacheDurationSeconds: cacheDurationMs / 1000 }),
    entities: await Promise.all(
      entities.map(async (entity) => ({
        ...entity,
        signingKeys: entity.signingKeys.map(({ certificate }) => describePem(certificate)),
        ...(config ? { providers: await usersOf(entity, config) } : {}),
      })),
    ),
  };
}

// Nothing here decides by it: metadata is trusted for where it comes from. So it is held against the certificate it names itself.
function describeOwnSignature(xml: string): MetadataInspection['signature'] {
  const root = rootOf(xml);
  const [signature] = root ? findSignatures(root) : [];
  if (!root || !signature) return undefined;
  const key = certificateIn(signature.element)?.publicKey;
  const fault = key && faultOf(xml, root, { key, algorithms: SAML_SIGNATURE_ALGORITHMS });
  return { ...signature.description, ...(fault === undefined ? {} : { fault }) };
}

/** A document with comments can be used, but its signature cannot be looked at. */
function rootOf(xml: string): Element | undefined {
  try {
    return parseXml(xml, { maxCharacters: MAX_METADATA_CHARACTERS });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

async function usersOf(
  entity: SamlIdpEntity,
  config: Config,
): Promise<NonNullable<EntityInspection['providers']>> {
  const { metadataOf } = createOfflineVerifier(config, { encrypted: 'no' });
  const { found } = await findProviders(entity.entityId, config.samlProviders, { metadataOf });
  return found.map(({ provider, entity: used }) => ({
    arn: provider.arn,
    difference: differenceOf(
      entity.signingKeys.map(({ certificate }) => certificate),
      used.signingKeys.map(({ certificate }) => certificate),
    ),
  }));
}

function differenceOf(given: readonly string[], used: readonly string[]): string {
  const added = given.filter((certificate) => !used.includes(certificate)).length;
  const gone = used.filter((certificate) => !given.includes(certificate)).length;
  if (added === 0 && gone === 0) return 'the same signing keys';
  return `${added} signing keys that are not used yet, ${gone} that are used and not in this document`;
}

function describePem(certificate: string): CertificateDescription | undefined {
  return describeCertificate(new X509Certificate(certificate));
}
