import type { Logger } from 'pino';
import type { SigningAlgorithm } from '../domain/token/token-signer.ts';
import type { Metrics } from './metrics.ts';

type MadeKey = { readonly kid: string; readonly algorithm: string; readonly signsFromMs: number };

/** What parts of the bridge tell of on their way, in log and metrics. All times are epoch milliseconds. */
export function createNotices({ logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics }) {
  return {
    onBug: (error: unknown, requestId: string): void => {
      logger.error({ err: error, requestId }, 'request failed for an unforeseen reason');
    },
    /** @param failure `undefined`: it was told */
    onTold: (clientId: string, failure: unknown): void => {
      metrics.applicationTold(failure === undefined ? 'success' : 'failure');
      if (failure !== undefined)
        logger.warn({ err: failure, clientId }, 'application not told of a sign-out');
    },
    saml: {
      onExpiry: metrics.certificatesExpire,
      warn: (about: string, notAfterMs: number): void => {
        const notAfter = new Date(notAfterMs).toISOString();
        if (about === 'own')
          logger.warn({ notAfter }, 'our own SAML certificate ends: run rolebridge saml keys rotate');
        else
          logger.warn({ provider: about, notAfter }, 'the last signing certificate of a SAML provider ends');
      },
      onFailure: (error: unknown): void => {
        logger.warn({ err: error }, 'SAML keys neither read nor made');
      },
    },
    signingKeys: {
      onMaintained: ({ made, ages }: MaintainedKeys): void => {
        metrics.signingKeysAge(ages);
        for (const { kid, algorithm, signsFromMs } of made)
          logger.info(
            { kid, algorithm, signsFrom: new Date(signsFromMs).toISOString() },
            'next signing key published',
          );
      },
      onFailure: (error: unknown): void => {
        const text = 'signing keys neither read nor rotated; known ones stay in use for half an hour';
        logger.warn({ err: error }, text);
      },
    },
  };
}

type MaintainedKeys = {
  readonly made: readonly MadeKey[];
  readonly ages: ReadonlyMap<SigningAlgorithm, number>;
};
