import type { Identity } from '../identity/identity.ts';
import type { Caller } from './caller.ts';

/** The browser sign-in behind an identity: its proof was verified, and used up, when the sign-in began. */
export type ProvedSignIn = {
  readonly signInId: string;
  /** When the person proved a second factor, epoch milliseconds; absent: not in this sign-in. */
  readonly mfaAuthenticatedAtMs?: number;
};

/** Who wants the role: somebody with a proof that came along or was given at a sign-in, or somebody with credentials. */
export type Subject =
  | {
      readonly identity: Identity;
      readonly signIn?: ProvedSignIn;
      /** The proof itself did not come along, but a token of ours that it was exchanged for. */
      readonly wasExchanged?: true;
    }
  | { readonly caller: Caller };
