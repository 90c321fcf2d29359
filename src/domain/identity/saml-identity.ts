import type { Identity } from './identity.ts';

/** What a verified response says beside who somebody is; everything of it stood under a signature. Times are epoch milliseconds. */
export type SamlFacts = {
  /** The assertion's ID: with the provider's ARN, what makes it usable once. */
  readonly assertionId: string;
  /** The AuthnRequest that it answers; absent for an IdP-initiated one. */
  readonly inResponseTo?: string;
  /** SubjectConfirmationData's Recipient: AWS's `Audience`, and `saml:aud`. */
  readonly recipient: string;
  /** NameID Format without the prefix `urn:oasis:names:tc:SAML:2.0:nameid-format:`, else the whole URI (wire-spec 4). */
  readonly subjectType: string;
  /** Base64(SHA1(Issuer + AccountId + "/" + ProviderName)). */
  readonly nameQualifier: string;
  /** The NameID as the IdP wrote it, for logout. */
  readonly nameId: {
    readonly value: string;
    readonly format?: string;
    readonly nameQualifier?: string;
    readonly spNameQualifier?: string;
  };
  readonly sessionIndex?: string;
  readonly sessionNotOnOrAfterMs?: number;
  readonly issueInstantMs: number;
  readonly authnInstantMs: number;
  readonly authnContextClassRef?: string;
  /** Attribute values by attribute Name, as they came. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
};

/** An identity of kind `saml`. `proofId` is the assertion's ID, `expiresAtMs` when no verifier takes it any more. */
export type SamlIdentity = Identity & { readonly kind: 'saml'; readonly saml: SamlFacts };
