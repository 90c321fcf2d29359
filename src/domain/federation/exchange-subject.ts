import type { Identity } from '../identity/identity.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';
import type { SignInProvider } from '../identity/sign-in-provider.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { OwnToken } from '../token/own-token.ts';
import type { Caller } from './caller.ts';

/**
 * Who stands behind a token that was brought to be exchanged, once it was verified and found to be alive: not expired, its
 * sign-in not ended, its role session not revoked, its provider still configured.
 */
export type ExchangeSubject =
  /** A token or an assertion of a configured provider. */
  | { readonly kind: 'proof'; readonly identity: Identity | SamlIdentity }
  /** A token of ours for a person, and their sign-in. */
  | {
      readonly kind: 'sign-in';
      readonly token: OwnToken;
      readonly session: BrowserSession;
      readonly provider: SignInProvider;
    }
  /** A token of ours that was exchanged from a proof. */
  | { readonly kind: 'exchanged'; readonly token: OwnToken; readonly identity: Identity | SamlIdentity }
  /** Credentials of a role, or a token of ours that was exchanged from them. */
  | { readonly kind: 'role-session'; readonly caller: Caller; readonly token?: OwnToken }
  /** A token that an application has for itself: it may act for others, and is nobody to act for. */
  | { readonly kind: 'application'; readonly token: OwnToken };

/** What is remembered of an exchanged token, so that a later exchange is decided by all that the first proof said. */
export type ExchangeOrigin =
  | { readonly kind: 'proof'; readonly identity: Identity | SamlIdentity }
  | { readonly kind: 'role-session'; readonly accessKeyId: string };
