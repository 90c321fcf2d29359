import { hash } from 'node:crypto';
import type { Server } from 'node:http';
import type Koa from 'koa';
import type { Logger } from 'pino';
import { changesBetween } from './config/changes.ts';
import type { Config } from './config/config.ts';
import { createDirectory } from './config/directory.ts';
import type { Fault } from './config/fault.ts';
import { loadConfig } from './config/load.ts';
import type { OidcMetadataSource } from './domain/identity/oidc-metadata.ts';
import type { ProviderKeys } from './domain/identity/provider-keys.ts';
import type { SamlMetadataSource } from './domain/identity/saml-metadata.ts';
import { resealPeople } from './domain/identity/reseal-people.ts';
import { createPeople } from './domain/identity/people.ts';
import { createBrowserSessions } from './domain/session/browser-sessions.ts';
import { createInlinePolicyParser } from './domain/policy/inline-policies.ts';
import type { SigningAlgorithm } from './domain/token/token-signer.ts';
import { createAssets } from './http/assets.ts';
import { createManagementApp, createPublicApp, type Answering } from './http/create-apps.ts';
import type { SamlDeps } from './http/saml/exchange.ts';
import { startSamlLogout } from './http/saml/single-logout.ts';
import type { SignInDeps } from './http/sign-in/exchange.ts';
import { createOidc } from './http/oidc/create-oidc.ts';
import { usedAlgorithms } from './http/oidc/create-provider.ts';
import { createTellApplications } from './http/oidc/tell-applications.ts';
import { createRenderer } from './http/render.ts';
import { createProxyList } from './http/middleware/request-facts.ts';
import type { StsDeps } from './http/sts/actions.ts';
import type { StsSurface } from './http/sts/mount-sts.ts';
import { createAuthorizationMessages } from './keys/authorization-message.ts';
import { createGuardedFetch, createGuardedRequest } from './keys/guarded-fetch.ts';
import { loadMasterKeyRing } from './keys/master-key.ts';
import { createOidcMetadataSource } from './keys/oidc-metadata.ts';
import { createProviderFetch } from './keys/provider-fetch.ts';
import { createRandom } from './keys/random.ts';
import { createKeySource } from './keys/remote-jwks.ts';
import { createSamlMetadataSource } from './keys/saml-metadata.ts';
import { createSealer } from './keys/seal.ts';
import { createSamlWatch } from './keys/saml-watch.ts';
import { createSigningKeyWatch } from './keys/signing-key-watch.ts';
import { createSigningKeys, type SigningKeys } from './keys/signing-keys.ts';
import { createSpKeys } from './keys/sp-keys.ts';
import { finishOidcSignIn } from './protocols/oidc/finish-sign-in.ts';
import { providerLogoutUrl } from './protocols/oidc/provider-logout-url.ts';
import { startOidcSignIn } from './protocols/oidc/start-sign-in.ts';
import { verifyIdToken } from './protocols/oidc/verify-id-token.ts';
import { parseIdpMetadata } from './protocols/saml/metadata.ts';
import { createSamlVerifier } from './protocols/saml/create-saml-verifier.ts';
import { packedPolicySize } from './protocols/sts/packed-policy-size.ts';
import { createPasskeys } from './protocols/webauthn/create-passkeys.ts';
import { relyingPartyOf } from './protocols/webauthn/relying-party.ts';
import { verifyTotp } from './protocols/totp/verify-totp.ts';
import { revokeOrphans, reseal, sweep } from './housekeeping.ts';
import { addressOf, createListener, listen, stop } from './listener.ts';
import { openStore } from './stores/open-store.ts';
import type { Store } from './stores/store.ts';
import { createAuditSink } from './telemetry/audit-sink.ts';
import { createLogger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { createNotices } from './telemetry/notices.ts';

export type BridgeOptions = {
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** File descriptor of the audit stream; stdout where none is given. */
  readonly auditFd?: number;
};

/** A running bridge. */
export type Bridge = {
  /** `http://host:port` of the public and of the management listener. */
  readonly addresses: { readonly public: string; readonly management: string };
  /** Loads the configuration again; keeps the old one, and says why, when the new one has a fault. */
  readonly reload: () => Promise<void>;
  /** Answers what is under way, then stops. */
  readonly close: () => Promise<void>;
};

/** The configuration cannot be used: every fault with its place. */
export class ConfigurationError extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super('the configuration has faults');
    this.name = 'ConfigurationError';
    this.faults = faults;
  }
}

const SWEEP_INTERVAL_MS = 60_000;

/**
 * Starts the bridge: the only place that knows every part.
 *
 * @throws ConfigurationError, or an Error that says what to do (master key, store file, busy port)
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const config = load(options);
  const logger = createLogger(config.logLevel);
  const metrics = createMetrics(options.version);
  const audit = createAuditSink(options.auditFd ?? 1);
  const store = openStore(config);
  const parts = { store, emit: audit.emit, logger, metrics };
  const release = async (): Promise<void> => {
    await audit.close();
    await store.close();
  };
  try {
    return await serve(options, { config, parts, release });
  } catch (error) {
    // Whatever stays open keeps the process alive: it would neither serve nor end.
    await release();
    throw error;
  }
}

type Serving = {
  readonly config: Config;
  readonly parts: Parts;
  /** Closes what was opened before the listeners. */
  readonly release: () => Promise<void>;
};

async function serve(options: BridgeOptions, { config, parts, release }: Serving): Promise<Bridge> {
  const { store, logger, metrics } = parts;
  let runtime = createRuntime(config, parts, undefined);
  metrics.configurationLoaded('success', Date.now());
  const publicApp = createPublicApp(() => runtime, { onAnswer: metrics.httpAnswered });
  const publicServer = listenerOf(publicApp, logger);
  const managementApp = createManagementApp({ ping: () => store.ping(), renderMetrics: metrics.render });
  const managementServer = listenerOf(managementApp, logger);
  await revokeOrphans(config, parts);
  void reseal(runtime.resealPeople, logger);
  await listen(publicServer, config.listen);
  try {
    await listen(managementServer, config.management);
  } catch (error) {
    await stop(publicServer);
    throw error;
  }
  const sweeper = setInterval(() => {
    void sweep(runtime.config.audit.retainSeconds, parts);
    watchKeys(runtime);
  }, SWEEP_INTERVAL_MS);
  sweeper.unref();
  watchKeys(runtime);
  logger.info({ address: addressOf(publicServer) }, 'listening');

  return {
    addresses: { public: addressOf(publicServer), management: addressOf(managementServer) },
    reload: async () => {
      const next = reloadRuntime(options, runtime, parts);
      if (!next) return;
      runtime = next;
      watchKeys(next);
      await revokeOrphans(next.config, parts);
      void reseal(next.resealPeople, logger);
    },
    close: async () => {
      clearInterval(sweeper);
      await Promise.all([stop(publicServer), stop(managementServer)]);
      await release();
    },
  };
}

/** In the background: no request waits for them. */
function watchKeys({ watchSaml, watchSigningKeys }: Runtime): void {
  void watchSaml();
  void watchSigningKeys();
}

type Parts = {
  readonly store: Store;
  readonly emit: (event: string) => void;
  readonly logger: Logger;
  readonly metrics: Metrics;
};

/** Everything that a configuration decides; replaced whole by a reload. */
type Runtime = Answering & {
  readonly config: Config;
  readonly sources: ProviderSources;
  /** Frees people of an old master key. */
  readonly resealPeople: () => Promise<number>;
  /** Makes our own SAML keys where there are none yet, renews metadata, and looks at the certificates in it. */
  readonly watchSaml: () => Promise<void>;
  readonly signingKeys: SigningKeys;
  /** Makes the keys that somebody may soon ask for, and rotates those that are due. */
  readonly watchSigningKeys: () => Promise<void>;
};

function load({ configPath, env }: BridgeOptions): Config {
  const result = loadConfig(configPath, { env, parseSamlMetadata: parseIdpMetadata });
  if (!result.ok) throw new ConfigurationError(result.faults);
  return result.config;
}

function createRuntime(config: Config, parts: Parts, previous: Runtime | undefined): Runtime {
  const { store, emit, logger, metrics } = parts;
  const now = Date.now;
  const notices = createNotices(parts);
  const sealer = createSealer(loadMasterKeyRing(config.masterKey));
  const messages = createAuthorizationMessages(sealer);
  const directory = createDirectory(config);
  const sources = sourcesOf(config, previous, logger);
  const { keysOf, metadataOf, oidcMetadataOf } = sources;
  const random = createRandom();
  const spKeys = createSpKeys({ store: store.sealedKeys, sealer, now, random });
  const signingKeys = createSigningKeys(
    { store: store.sealedKeys, sealer, now, rotationMs: config.tokens.keyRotationMs },
    previous?.signingKeys.known(),
  );
  const deps: StsDeps = {
    directory,
    sessions: store.sessions,
    audit: store.audit,
    emit,
    random,
    seal: (secret, context) => sealer.seal(secret, context),
    openSecret: (sealed, context) => sealer.open(sealed, context).toString(),
    encodeMessage: messages.encode,
    decodeMessage: messages.decode,
    parseInline: createInlinePolicyParser(),
    packedPolicySize,
    verifyTotp,
    hashProof: (proof) => hash('sha256', proof),
    verifyWebIdentity: async (token, account, nowMs) => {
      const providers = directory.oidcProviders(account);
      return (await verifyIdToken(token, { providers, keysOf, nowMs })).identity;
    },
    signer: signingKeys,
    issuer: config.publicUrl,
    verifySaml: createSamlVerifier({ publicUrl: config.publicUrl, directory, metadataOf, spKeys }),
  };
  const surface: StsSurface = {
    now,
    region: config.region,
    secureTransport: config.publicUrl.startsWith('https:'),
    trustedProxies: createProxyList(config.listen.trustedProxies),
    errorReference: config.sts.errorReference,
    onAnswer: ({ action, code }) => {
      metrics.stsAnswered(action, code);
    },
    onBug: notices.onBug,
  };
  const saml = { metadataOf, spKeys };
  const oidc = { keysOf, metadataOf: oidcMetadataOf };
  const pages = createPages(config, { ...parts, deps, surface, saml, oidc });
  return {
    config,
    sources,
    deps,
    surface,
    pages,
    oidc: createOidc({
      ...deps,
      ...pages.deps,
      oauthRecords: store.oauthRecords,
      now,
      keysOf,
      signingKeys,
      findKey: signingKeys.find,
      publicKeys: () => signingKeys.publicKeys(),
      mfaRequired: config.mfa.required,
      absoluteMs: config.browserSession.absoluteMs,
      secureTransport: surface.secureTransport,
      applications: config.applications,
      services: config.services,
      request: createGuardedRequest(config.outbound),
      onTokenAnswer: metrics.tokenAnswered,
      onBug: surface.onBug,
    }),
    resealPeople: () => resealPeople({ ...deps, store: store.people, isCurrent: sealer.isCurrent }),
    watchSaml: createSamlWatch({
      providers: config.samlProviders,
      ...saml,
      now,
      ...notices.saml,
    }),
    signingKeys,
    watchSigningKeys: createSigningKeyWatch({
      signingKeys,
      algorithms: algorithmsOf(config),
      ...notices.signingKeys,
    }),
  };
}

type PagesParts = Parts & {
  readonly deps: StsDeps;
  readonly surface: StsSurface;
  readonly saml: Pick<SamlDeps, 'metadataOf' | 'spKeys'>;
  readonly oidc: { readonly keysOf: ProviderKeys; readonly metadataOf: OidcMetadataSource };
};

function createPages(config: Config, parts: PagesParts): Answering['pages'] {
  const { store, metrics, deps, surface, saml } = parts;
  const { publicUrl, mfa, browserSession, branding } = config;
  const { secureTransport } = surface;
  const assets = createAssets(branding);
  const { seal, openSecret, random } = deps;
  const sealing = { seal, openSecret, random };
  const party = relyingPartyOf(publicUrl);
  const pageDeps = {
    ...deps,
    ...saml,
    browserSessions: createBrowserSessions({ store: store.browserSessions, ...sealing, ...browserSession }),
    people: createPeople({ store: store.people, ...sealing }),
    render: createRenderer({ branding, assets, secureTransport }),
    loginAttempts: store.loginAttempts,
    onSignIn: metrics.signedIn,
    onMfa: metrics.factorVerified,
    passkeys: party && createPasskeys(party, mfa.issuerName),
    tellApplications: createTellApplications({
      ...deps,
      oauthRecords: store.oauthRecords,
      now: surface.now,
      request: createGuardedRequest(config.outbound),
      onTold: createNotices(parts).onTold,
    }),
    oidc: createOidcRelyingParty(config, parts.oidc),
  };
  return {
    deps: {
      ...pageDeps,
      startSamlLogout: (exchange, identity) => startSamlLogout(exchange, identity, pageDeps),
    },
    assets,
    surface: { ...surface, publicUrl, mfaRequired: mfa.required, mfaIssuerName: mfa.issuerName },
  };
}

function createOidcRelyingParty(
  { outbound }: Config,
  { keysOf, metadataOf }: PagesParts['oidc'],
): SignInDeps['oidc'] {
  const deps = { metadataOf, fetch: createProviderFetch(createGuardedRequest(outbound)) };
  return {
    start: (request) => startOidcSignIn(request, deps),
    finish: ({ nowMs, ...answer }) => finishOidcSignIn(answer, { ...deps, keysOf, nowMs }),
    logoutUrl: (request) => providerLogoutUrl(request, deps),
  };
}

/** What tokens may be signed with: those of roles, and those of applications and services. */
function algorithmsOf({ accounts, applications, services }: Config): readonly SigningAlgorithm[] {
  const isFederated = accounts.some(({ outboundWebIdentityFederation }) => outboundWebIdentityFederation);
  return [...(isFederated ? OUTBOUND_ALGORITHMS : []), ...usedAlgorithms({ applications, services })];
}

const OUTBOUND_ALGORITHMS = ['RS256', 'ES384'] as const;

/** What is fetched from providers and kept. */
type ProviderSources = {
  readonly keysOf: ProviderKeys;
  readonly metadataOf: SamlMetadataSource;
  readonly oidcMetadataOf: OidcMetadataSource;
};

// What was fetched is worth keeping over a reload; other network rules make it unsure.
function sourcesOf({ outbound }: Config, previous: Runtime | undefined, logger: Logger): ProviderSources {
  if (previous && JSON.stringify(previous.config.outbound) === JSON.stringify(outbound))
    return previous.sources;
  const fetch = createGuardedFetch(outbound);
  const now = Date.now;
  return {
    keysOf: createKeySource({ fetch, now }),
    metadataOf: createMetadataSource(outbound, (url, error) => {
      logger.warn({ err: error, url }, 'SAML metadata not renewed; a good copy stays in use');
    }),
    oidcMetadataOf: createOidcMetadataSource({ fetch, http: outbound.http, now }),
  };
}

/** The metadata of SAML providers, within a configuration's network rules; `onFailure` is told what could not be renewed. */
export function createMetadataSource(
  outbound: Config['outbound'],
  onFailure: (url: string, error: Error) => void,
): SamlMetadataSource {
  const fetch = createGuardedFetch({ ...outbound, maxBytes: MAX_METADATA_BYTES });
  return createSamlMetadataSource({ fetch, parse: parseIdpMetadata, now: Date.now, onFailure });
}

/** As AWS has it (wire-spec 4). */
const MAX_METADATA_BYTES = 10_000_000;

function reloadRuntime(options: BridgeOptions, current: Runtime, parts: Parts): Runtime | undefined {
  const { logger, metrics } = parts;
  try {
    const config = load(options);
    const runtime = createRuntime(config, parts, current);
    logger.info(changesBetween(current.config, config), 'configuration reloaded');
    metrics.configurationLoaded('success', Date.now());
    return runtime;
  } catch (error) {
    const faults = error instanceof ConfigurationError ? error.faults : undefined;
    logger.error({ err: error, faults }, 'configuration not reloaded; the old one stays');
    metrics.configurationLoaded('failure', Date.now());
    return undefined;
  }
}

function listenerOf(app: Koa, logger: Logger): Server {
  app.on('error', (error: unknown) => {
    logger.error({ err: error }, 'request failed for an unforeseen reason');
  });
  const handle = app.callback();
  return createListener((request, response) => void handle(request, response));
}
