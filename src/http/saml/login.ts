import { audited } from '../../domain/federation/audited.ts';
import type { LoginAttempt } from '../../domain/session/login-attempt.ts';
import { renderAuthnRequest } from '../../protocols/saml/authn-request.ts';
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
import { startAttempt } from './request-cookie.ts';

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
  await audited(draft, deps, () => sendAuthnRequest(exchange, parseWishes(exchange.ctx.querystring), deps));
}

async function sendAuthnRequest(exchange: SamlExchange, wishes: Wishes, deps: SamlDeps): Promise<void> {
  const { ctx, facts, provider, sp } = exchange;
  const { entities } = await deps.metadataOf(provider);
  const target = findEndpoint(entities, 'singleSignOn');
  if (target === undefined) throw refused('the metadata has no single sign-on endpoint');
  const signing = target.entity.wantAuthnRequestsSigned ? (await deps.spKeys()).signing : undefined;
  const requestId = createMessageId(deps);
  const { handle } = await startAttempt(exchange, { ...wishes, purpose: 'sign-in', requestId }, deps);
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
  const message = { kind: 'SAMLRequest', xml, relayState: handle } as const;
  const { endpoint } = target;
  sendMessage(ctx, message, { endpoint, purpose: 'sign-in', ...(signing === undefined ? {} : { signing }) });
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
