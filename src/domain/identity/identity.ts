import type { Arn } from '../role/arn.ts';
import type { ContextValue } from '../policy/request.ts';

/**
 * Who somebody is, after their proof was verified. Only verifiers make one.
 * A person is (provider, subject), never an e-mail address.
 */
export type Identity = {
  readonly kind: 'web-identity' | 'saml';
  /** `arn:aws:iam::<account>:oidc-provider/<issuer without scheme>` or `…:saml-provider/<name>`. */
  readonly providerArn: Arn;
  /** The issuer as the proof names it (`iss`, or the SAML Issuer). */
  readonly issuer: string;
  readonly subject: string;
  /** The audience that was tested (`azp` where present, else `aud`). */
  readonly audience: string;
  /** The proof's statements as condition keys, e.g. `idp.example.com:sub`; arrays are multivalued. */
  readonly conditionKeys: ReadonlyMap<string, ContextValue>;
  /** Session tags that the proof or the provider's `tags` mapping carries. */
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  readonly sourceIdentity?: string;
  /** SHA-256 of the proof, hex: how logs and audit name it. */
  readonly proofHash: string;
  /** `jti`, else the hash: what makes this very proof usable once, where a role asks for that. */
  readonly proofId: string;
  /** From when on no verifier takes the proof any more, clock skew included; epoch milliseconds. */
  readonly expiresAtMs: number;
};
