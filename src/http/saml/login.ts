import { audited } from '../../domain/federation/audited.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { SignInSettings } from '../../domain/identity/sign-in-settings.ts';
import type { LoginAttempt } from '../../domain/session/login-attempt.ts';
import { renderAuthnRequest } from '../../protocols/saml/authn-request.ts';
import { startAttempt } from '../login-attempt-cookie.ts';
import { malformed } from '../read-form.ts';
import { isReturnPath } from '../return-path.ts';
import {
  createMessageId,
  findEndpoint,
  refused,
  type SamlDeps,
  type SamlExchange,
  sendMessage,
  draftOf,
} from './exchange.ts';

type Wishes = Pick<LoginAttempt, 'forceAuthn' | 'authnContextClassRefs' | 'returnTo'>;

const MAX_CONTEXTS = 5;
const CONTEXT = /^(?:urn:|https?:\/\/)[\u0021-\u007e]{1,250}$/;

/**
 * Sends a browser to its identity provider. The query may ask for `ForceAuthn=true`, for `AuthnContextClassRef`s (up to
 * five URIs, any of which will do) and for a `ReturnTo` path of our own.
 *
 * @throws FederationError `malformed-input`, `identity-provider-unreachable`, `invalid-identity-token`, `store-unavailable`
 */
export async function startLogin(exchange: SamlExchange, deps: SamlDeps): Promise<void> {
  const draft = draftOf(exchange, 'SamlSignIn');
  await audited(draft, deps, async () => {
    settingsOf(exchange.provider);
    await sendAuthnRequest(exchange, parseWishes(exchange.ctx.querystring), deps);
  });
}

/**
 * How people may sign in with a provider; many are trusted for `AssumeRoleWithSAML` alone.
 *
 * @throws FederationError `invalid-identity-token`
 */
export function settingsOf({ signIn }: SamlProvider): SignInSettings {
  if (signIn === undefined)
    throw refused('the provider has no signIn: nobody may sign in with it in a browser');
  return signIn;
}

async function sendAuthnRequest(exchange: SamlExchange, wishes: Wishes, deps: SamlDeps): Promise<void> {
  const { facts, provider, sp } = exchange;
  const { entities } = await deps.metadataOf(provider);
  const target = findEndpoint(entities, 'singleSignOn');
  if (target === undefined) throw refused('the metadata has no single sign-on endpoint');
  const signing = target.entity.wantAuthnRequestsSigned ? (await deps.spKeys()).signing : undefined;
  const requestId = createMessageId(deps);
  const about = {
    ...wishes,
    purpose: 'sign-in',
    providerArn: provider.arn,
    requestId,
    site: 'cross',
  } as const;
  const { attempt } = await startAttempt(exchange, about, deps);
  const xml = renderAuthnRequest({
    id: requestId,
    issueInstantMs: facts.timeMs,
    destination: target.endpoint.location,
    issuer: sp.entityId,
    assertionConsumerServiceUrl: sp.assertionConsumerServiceUrl,
    forceAuthn: wishes.forceAuthn,
    authnContextClassRefs: wishes.authnContextClassRefs,
    ...(provider.subjectFormat === undefined ? {} : { nameIdFormat: provider.subjectFormat }),
  });
  const message = { kind: 'SAMLRequest', xml, relayState: attempt.handle } as const;
  const { endpoint } = target;
  sendMessage(exchange, message, {
    endpoint,
    purpose: 'sign-in',
    ...(signing === undefined ? {} : { signing }),
  });
}

function parseWishes(query: string): Wishes {
  const parameters = new URLSearchParams(query);
  const [force, ...forces] = parameters.getAll('ForceAuthn');
  const [returnTo, ...returns] = parameters.getAll('ReturnTo');
  const authnContextClassRefs = parameters.getAll('AuthnContextClassRef');
  if (forces.length > 0 || returns.length > 0) throw malformed('a parameter is there twice');
  if (force !== undefined && force !== 'true' && force !== 'false')
    throw malformed('ForceAuthn is no boolean');
  if (authnContextClassRefs.length > MAX_CONTEXTS || !authnContextClassRefs.every((uri) => CONTEXT.test(uri)))
    throw malformed('AuthnContextClassRef is not a URI, or there are too many');
  if (returnTo !== undefined && !isReturnPath(returnTo)) throw malformed('ReturnTo is no path of ours');
  return {
    forceAuthn: force === 'true',
    authnContextClassRefs,
    ...(returnTo === undefined ? {} : { returnTo }),
  };
}
