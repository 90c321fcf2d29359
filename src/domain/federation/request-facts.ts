/** What every surface knows of a request before it is understood. */
export type RequestFacts = {
  /** UUID; equal to the `x-amzn-RequestId` header. */
  readonly requestId: string;
  /** When it came, epoch milliseconds: the one clock reading of a request. */
  readonly timeMs: number;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly region: string;
  readonly secureTransport: boolean;
};
