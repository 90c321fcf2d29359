import type { Application } from '../application/application.ts';
import type { ExchangedTokens } from '../application/exchanged-tokens.ts';
import type { TokenType } from '../application/token-type.ts';
import type { Actor } from '../token/own-token.ts';
import type { TokenSigner } from '../token/token-signer.ts';
import type { AssumedRole } from './assume-role.ts';
import type { FederationDeps } from './deps.ts';
import type { Party } from './exchange-party.ts';
import type { ExchangeSubject } from './exchange-subject.ts';
import type { PersonDeps } from './signed-in-person.ts';

/** What is asked for. */
export type ExchangeTarget =
  /** For a service. Without scopes: at the subject token's own audience those that it has, elsewhere none. */
  | {
      readonly kind: 'access-token';
      readonly audience: string;
      readonly scopes: readonly string[] | undefined;
    }
  /** For an application, by its client id. */
  | { readonly kind: 'id-token'; readonly audience: string }
  | { readonly kind: 'credentials'; readonly roleArn: string; readonly durationSeconds?: number };

export type ExchangeTokenRequest = {
  /** Who asks; it has proved who it is. */
  readonly client: Application;
  readonly subject: ExchangeSubject;
  /** As it was declared. */
  readonly subjectTokenType: TokenType;
  /** Who wants to act for the subject. */
  readonly actor?: ExchangeSubject;
  readonly target: ExchangeTarget;
};

/** What is handed out. Times are epoch milliseconds. */
export type ExchangedToken =
  | {
      readonly kind: 'access-token' | 'id-token';
      readonly token: string;
      readonly expiresAtMs: number;
      readonly scopes: readonly string[];
    }
  | ({ readonly kind: 'credentials' } & AssumedRole);

export type ExchangeDeps = FederationDeps &
  Pick<PersonDeps, 'mfaRequired'> & {
    readonly signer: Pick<TokenSigner, 'sign'>;
    /** `iss` of what we sign: the public URL. */
    readonly issuer: string;
    /** SHA-256 of a proof, hex. */
    readonly hashProof: (proof: string) => string;
    readonly exchangedTokens: Pick<ExchangedTokens, 'save'>;
  };

/** An exchange whose parties are known and may ask; the target's policy has not been asked. */
export type PreparedExchange = {
  readonly client: Application;
  readonly party: Party;
  readonly act: Actor | undefined;
  readonly via: readonly string[];
  /** When what was brought ends, epoch milliseconds. */
  readonly endsAtMs: number;
};
