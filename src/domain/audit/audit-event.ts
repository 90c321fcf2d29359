/** How a request ended: a decision that allowed, one that refused, or a proof or request that failed before a decision. */
export type AuditOutcome = 'allowed' | 'denied' | 'failed';

/** What an audit log keeps of one request: the whole event, and what it is searched by. */
export type AuditRecord = {
  /** Epoch milliseconds. */
  readonly timeMs: number;
  readonly outcome: AuditOutcome;
  /** `7F3K-Q2MD`, on refusals and failures: what the caller was told. Its last character is in `A–Z2–7`. */
  readonly reference?: string;
  readonly roleArn?: string;
  /** The whole event as JSON text, CloudTrail-shaped (wire-spec 10.1). Never a secret, token, code or assertion. */
  readonly event: string;
};
