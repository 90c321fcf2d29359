import type { PasskeyFactor } from './factor.ts';

/** What an authenticator told of a new passkey. */
export type NewPasskey = Pick<PasskeyFactor, 'credentialId' | 'publicKey' | 'counter' | 'transports'>;

/** An answer of an authenticator, as yet unproved. */
type PasskeyAnswer = {
  readonly credentialId: string;
  /** Which ceremony it answers. */
  readonly challenge: string;
};

/** For whom a passkey is made. */
type PasskeyOwner = {
  /** Says nothing of them; 32 bytes. */
  readonly userHandle: Uint8Array;
  /** What the authenticator lists it by. */
  readonly accountName: string;
  readonly displayName: string;
};

/** WebAuthn as a relying party speaks it. What throws throws FederationError `factor-refused`, with the rule in its message. */
export type Passkeys = {
  /** JSON of `PublicKeyCredentialCreationOptions`; `known`: what the person has already, which no authenticator shall make twice. */
  readonly creationOptions: (input: {
    readonly challenge: string;
    readonly owner: PasskeyOwner;
    readonly known: readonly PasskeyFactor[];
  }) => Promise<string>;
  /** JSON of `PublicKeyCredentialRequestOptions`. */
  readonly requestOptions: (input: {
    readonly challenge: string;
    readonly known: readonly PasskeyFactor[];
  }) => Promise<string>;
  /** Reads what a browser posted, to find the ceremony and the passkey that it must be checked against. Checks nothing. */
  readonly readAnswer: (response: string) => PasskeyAnswer;
  readonly verifyCreation: (response: string, challenge: string) => Promise<NewPasskey>;
  /** Checks everything but the counter, which it returns. */
  readonly verifyUse: (
    response: string,
    expected: {
      readonly challenge: string;
      readonly passkey: PasskeyFactor;
      readonly userHandle: Uint8Array;
    },
  ) => Promise<{ readonly counter: number }>;
};

/**
 * Whether a signature counter says that there are two of the authenticator: it must grow, unless it does not count at all.
 *
 * @see WebAuthn Level 3, 7.2 step 22
 */
export function isCloneCounter(kept: number, given: number): boolean {
  return (kept > 0 || given > 0) && given <= kept;
}
