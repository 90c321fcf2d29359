import type { Policy } from '../policy/document.ts';
import type { AccountId, Arn } from '../role/arn.ts';
import type { SigningAlgorithm } from '../token/token-signer.ts';

/** A resource server: an audience that access tokens are made for. */
export type Service = {
  readonly name: string;
  /** `arn:aws:rolebridge::<account>:service/<name>`. */
  readonly arn: Arn;
  readonly account: AccountId;
  /** `aud` of its tokens, and how `resource` and `audience` name it. */
  readonly audience: string;
  /** Those that exist there. */
  readonly scopes: readonly string[];
  readonly tokenLifetimeSeconds: number;
  readonly algorithm: SigningAlgorithm;
  /** Claim of its access tokens ← claim or attribute of the proof behind them. */
  readonly claims: Readonly<Record<string, string>>;
  /** The application that acts for it, and so may exchange the access tokens that it was sent. */
  readonly clientId?: string;
  /** Who may exchange what for a token of this audience (`rolebridge:ExchangeToken`). Absent: nobody. */
  readonly exchangePolicy?: Policy;
};
