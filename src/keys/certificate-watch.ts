import { X509Certificate } from 'node:crypto';
import type { SamlMetadata, SamlMetadataSource } from '../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../domain/identity/saml-provider.ts';

export type CertificateWatchDeps = {
  readonly metadataOf: SamlMetadataSource;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told each time, for the metric: by provider name, epoch milliseconds. */
  readonly onExpiry: (notAfterMsByProvider: ReadonlyMap<string, number>) => void;
  /** Told once a day from 30 days before on, and afterwards, for the log: a provider's ARN, or `own`. */
  readonly warn: (about: string, notAfterMs: number) => void;
};

const DAY_MS = 86_400_000;
const WARN_BEFORE_MS = 30 * DAY_MS;

/**
 * Looks at providers' certificates and at our own (PEM); called now and then, it also keeps their metadata fresh, so that no sign-in waits for it.
 * Metadata that cannot be had is passed over: its source has said so.
 */
export function createCertificateWatch(
  deps: CertificateWatchDeps,
): (providers: readonly SamlProvider[], ownCertificate?: string) => Promise<void> {
  const warnedAtMs = new Map<string, number>();
  const warnOf = (about: string, notAfterMs: number): void => {
    const nowMs = deps.now();
    if (notAfterMs - nowMs > WARN_BEFORE_MS) return;
    if (nowMs - (warnedAtMs.get(about) ?? -Infinity) < DAY_MS) return;
    warnedAtMs.set(about, nowMs);
    deps.warn(about, notAfterMs);
  };
  return async (providers, ownCertificate) => {
    if (ownCertificate !== undefined)
      warnOf('own', new X509Certificate(ownCertificate).validToDate.getTime());
    const found = new Map<string, number>();
    const look = async (provider: SamlProvider): Promise<void> => {
      const metadata = await deps.metadataOf(provider).catch(() => undefined);
      const notAfterMs = metadata && expiryOf(metadata);
      if (notAfterMs === undefined) return;
      found.set(provider.name, notAfterMs);
      warnOf(provider.arn, notAfterMs);
    };
    await Promise.all(providers.map(look));
    deps.onExpiry(found);
  };
}

/**
 * When the first entity is left without a valid certificate: during a rollover the old one may end, the new one is there.
 * Verification goes by key and does not stop then, but many identity providers do.
 */
function expiryOf({ entities }: SamlMetadata): number | undefined {
  const ends = entities
    .filter(({ signingKeys }) => signingKeys.length > 0)
    .map(({ signingKeys }) => Math.max(...signingKeys.map(({ notAfterMs }) => notAfterMs)));
  return ends.length === 0 ? undefined : Math.min(...ends);
}
