import type { SamlProvider } from '../domain/identity/saml-provider.ts';
import type { SpKeys } from '../domain/identity/sp-keys.ts';
import { createCertificateWatch, type CertificateWatchDeps } from './certificate-watch.ts';

export type SamlWatchDeps = CertificateWatchDeps & {
  readonly providers: readonly SamlProvider[];
  readonly spKeys: () => Promise<SpKeys>;
  /** Told where our own keys could neither be read nor made. */
  readonly onFailure: (error: unknown) => void;
};

/** Makes our own SAML keys where there are none yet, renews metadata, and looks at the certificates in it. */
export function createSamlWatch({
  providers,
  spKeys,
  onFailure,
  ...deps
}: SamlWatchDeps): () => Promise<void> {
  const watch = createCertificateWatch(deps);
  const keysMissing = (error: unknown): undefined => {
    onFailure(error);
  };
  return async () => {
    const own = providers.length === 0 ? undefined : await spKeys().catch(keysMissing);
    await watch(providers, own?.signing.certificate);
  };
}
