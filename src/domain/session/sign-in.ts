import type { RequestFacts } from '../federation/request-facts.ts';
import type { SamlIdentity } from '../identity/saml-identity.ts';

/** A verified proof that came by a browser. */
type SignIn = {
  readonly identity: SamlIdentity;
  readonly facts: RequestFacts;
  /** A path of our own, as the login asked for. */
  readonly returnTo?: string;
};

/** A provider's word that somebody is to be signed out. */
type SignOut = {
  readonly providerArn: string;
  readonly subject: string;
  /** The sign-ins that end; empty: all of the subject's. */
  readonly sessionIndexes: readonly string[];
};

/** Port: the browser sessions that stand behind the SAML endpoints. */
export interface SignInPort {
  /** @returns the path of our own to go to; `undefined`: there are no pages yet, the endpoint shows its own */
  signIn(signIn: SignIn): Promise<string | undefined>;
  /** @returns how many browser sessions ended */
  signOut(signOut: SignOut): Promise<number>;
}
