import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { Application } from '../../domain/application/application.ts';
import type { Service } from '../../domain/application/service.ts';
import type { Signer, Signers } from '../../domain/token/signers.ts';
import { TOKEN_EXCHANGE } from '../../protocols/oauth/parse-exchange.ts';
import { checkProviderConfiguration } from './check-provider.ts';
import { createFindAccount, type AccountDeps } from './account.ts';
import { createInteractionPolicy } from './interaction-policy.ts';
import { createOidcAdapter, type OidcAdapterDeps } from './oidc-adapter.ts';
import { providerConfiguration } from './provider-configuration.ts';
import { createOutboundFetch, type OutboundRequest } from './outbound-request.ts';
import { ProviderKey } from './provider-key.ts';
import { createProviderPages } from './provider-pages.ts';
import { createProviderPolicies, type PolicyDeps } from './provider-policies.ts';
import { currentScope, requireScope } from './provider-scope.ts';
import { rewordRefusal } from './reworded-refusal.ts';
import { createProviderHandler, type ProviderHandler } from './run-provider.ts';
import { exchangeTokens, type TokenExchangeDeps } from './token-exchange.ts';

export type ProviderDeps = AccountDeps &
  PolicyDeps &
  TokenExchangeDeps &
  Omit<OidcAdapterDeps, 'onUnreadable'> & {
    /** Our origin. */
    readonly issuer: string;
    readonly secureTransport: boolean;
    readonly applications: readonly Application[];
    readonly services: readonly Service[];
    readonly signingKeys: Signers;
    readonly request: OutboundRequest;
    /** Of applications that are proved by their platform. */
    readonly workloadSecret: string;
    /** Told of what nobody foresaw, with the request's id. */
    readonly onBug: (error: unknown, requestId: string) => void;
  };

/** The library, as it is with the keys of the moment. @throws FederationError `store-unavailable` */
export type ProviderSource = () => Promise<ProviderHandler>;

/** Makes the library anew whenever other keys are published, or another one of them signs. */
export function createProviderSource(deps: ProviderDeps): ProviderSource {
  const algorithms = usedAlgorithms(deps);
  checkProviderConfiguration(configurationOf([], deps));
  let last: { readonly signers: readonly Signer[]; readonly handler: ProviderHandler } | undefined;
  return async () => {
    const signers = await signersFor(algorithms, deps);
    if (last?.signers !== signers) last = { signers, handler: createProvider(signers, deps) };
    return last.handler;
  };
}

/** What applications and services have their tokens signed with. */
export function usedAlgorithms({ applications, services }: Pick<ProviderDeps, 'applications' | 'services'>) {
  return [
    ...new Set([
      ...applications.map(({ idTokenAlgorithm }) => idTokenAlgorithm),
      ...services.map(({ algorithm }) => algorithm),
    ]),
  ];
}

async function signersFor(
  algorithms: ReturnType<typeof usedAlgorithms>,
  { signingKeys }: ProviderDeps,
): Promise<readonly Signer[]> {
  const signers = await signingKeys.signers();
  const isThere = (wanted: string): boolean => signers.some(({ algorithm }) => algorithm === wanted);
  if (algorithms.every(isThere)) return signers;
  await signingKeys.prepare(algorithms);
  return signingKeys.signers();
}

function configurationOf(signers: readonly Signer[], deps: ProviderDeps): Configuration {
  const onUnreadable = (error: unknown): void => {
    deps.onBug(error, currentScope()?.facts.requestId ?? '');
  };
  return providerConfiguration({
    applications: deps.applications,
    keys: signers.map((signer) => new ProviderKey(signer)),
    adapter: createOidcAdapter({ ...deps, onUnreadable }),
    workloadSecret: deps.workloadSecret,
    findAccount: createFindAccount(deps),
    interactions: createInteractionPolicy(deps.mfaRequired),
    pages: createProviderPages(deps),
    policies: createProviderPolicies(deps),
    fetch: createOutboundFetch(deps.request),
    secureTransport: deps.secureTransport,
  });
}

function createProvider(signers: readonly Signer[], deps: ProviderDeps): ProviderHandler {
  const provider = new Provider(deps.issuer, configurationOf(signers, deps));
  // Host and client address are what we say they are: requests to it are of our own making.
  provider.proxy = true;
  noteFailures(provider, deps);
  addTokenExchange(provider, deps);
  return createProviderHandler(provider);
}

const FAILURES = [
  'authorization.error',
  'code_verification.error',
  'device_authorization.error',
  'device_resume.error',
  'end_session.error',
  'end_session_confirm.error',
  'end_session_success.error',
  'introspection.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'server_error',
  'userinfo.error',
];

// It answers them by itself, and tells of them in events alone.
function noteFailures(provider: NodeJS.EventEmitter, deps: Pick<ProviderDeps, 'onBug'>): void {
  const note = (_ctx: unknown, error: unknown): void => {
    requireScope().failure = error;
  };
  for (const name of FAILURES) provider.on(name, note);
  provider.on('grant.error', (ctx: KoaContextWithOIDC, error: unknown) => {
    note(ctx, rewordRefusal(ctx, error));
  });
  provider.on('authorization.success', (_ctx: unknown, response: unknown) => {
    requireScope().response = response;
  });
  // Else Koa prints it.
  provider.on('error', (error: unknown) => {
    const scope = currentScope();
    if (scope?.failure === undefined) deps.onBug(error, scope === undefined ? '' : scope.facts.requestId);
  });
}

const EXCHANGE_PARAMETERS = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'resource',
  'audience',
  'scope',
  'duration_seconds',
];

// The library proves the client and its grant; all the rest is ours, made of the form as it came.
function addTokenExchange(provider: Provider, deps: ProviderDeps): void {
  const handle: Parameters<Provider['registerGrantType']>[1] = async (ctx) => {
    const { facts, form } = requireScope();
    const client = deps.directory.application(ctx.oidc.client.clientId);
    if (form === undefined || client === undefined) throw new Error('no form, or no client');
    ctx.body = { ...(await exchangeTokens({ client, form, facts }, deps)) };
  };
  provider.registerGrantType(TOKEN_EXCHANGE, handle, EXCHANGE_PARAMETERS, ['resource', 'audience']);
}
