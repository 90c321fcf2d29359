import type { Identity } from '../identity/identity.ts';
import type { Profile } from '../identity/person.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import type { MfaProof } from '../mfa/factor.ts';

/** What a person should know about their sign-in; `group-overage`: their groups did not fit into the token (Entra ID). */
export type SignInNotice = 'group-overage';

/** A verified proof that came by a browser. */
export type SignIn = {
  readonly identity: Identity | SamlIdentity;
  readonly profile: Profile;
  /** Where the provider's own second factor counts and was used: when, epoch milliseconds. */
  readonly mfaAuthenticatedAtMs?: number;
  /** The provider's word on how long it may last, epoch milliseconds. */
  readonly notOnOrAfterMs?: number;
  readonly notices: readonly SignInNotice[];
  /** The ID token, where the provider wants it back at sign-out. */
  readonly idToken?: string;
};

/** A ceremony that has begun in this browser and waits for its answer. Times are epoch milliseconds. */
export type Ceremony = { readonly expiresAtMs: number } & (
  | { readonly kind: 'enrol-totp'; readonly secret: string }
  | { readonly kind: 'enrol-passkey'; readonly challenge: string }
  | { readonly kind: 'prove-passkey'; readonly challenge: string }
);

/** A person signed in with one browser. Times are epoch milliseconds. */
export type BrowserSession = {
  /** The hash of the cookie's value and a bucket: how store, pages and audit name it. It opens nothing. */
  readonly id: string;
  /** Stays while the id changes; role sessions name it to say where they came from. 16 characters of base64url. */
  readonly signInId: string;
  readonly signIn: SignIn;
  readonly startedAtMs: number;
  readonly lastSeenAtMs: number;
  /** The end, whatever happens. */
  readonly endsAtMs: number;
  readonly mfa?: MfaProof;
  readonly ceremony?: Ceremony;
  readonly sourceIp: string;
  readonly userAgent: string;
};
