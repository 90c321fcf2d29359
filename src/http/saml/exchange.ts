import type { Context } from 'koa';
import type { AuditDraft } from '../../domain/audit/audit-draft.ts';
import { FederationError } from '../../domain/errors.ts';
import type { SamlEndpoint, SamlIdpEntity, SamlMetadataSource } from '../../domain/identity/saml-metadata.ts';
import type { SamlProvider } from '../../domain/identity/saml-provider.ts';
import type { SpKeys } from '../../domain/identity/sp-keys.ts';
import type { LoginAttemptStore } from '../../domain/session/login-attempt.ts';
import {
  type OutgoingMessage,
  parsePost,
  parseRedirect,
  postFields,
  type ReceivedMessage,
  redirectUrl,
} from '../../protocols/saml/bindings.ts';
import { signXml } from '../../protocols/saml/sign-xml.ts';
import type { ServiceProvider } from '../../protocols/saml/sp-metadata.ts';
import type { CompleteSignInDeps } from '../complete-sign-in.ts';
import { pageDraft, type PageExchange } from '../page-exchange.ts';
import { readForm } from '../read-form.ts';

/** What the SAML endpoints need. */
export type SamlDeps = CompleteSignInDeps & {
  readonly loginAttempts: LoginAttemptStore;
  readonly spKeys: () => Promise<SpKeys>;
  readonly metadataOf: SamlMetadataSource;
};

/** One request to one provider's endpoints. */
export type SamlExchange = PageExchange & {
  readonly provider: SamlProvider;
  readonly sp: ServiceProvider;
};

/** Our keys are RSA. */
const SIGNATURE_ALGORITHM = 'rsa-sha256' as const;

/** Reads the message that a browser brought, by whichever binding. @throws FederationError as {@link readForm} */
export async function readMessage(ctx: Context): Promise<ReceivedMessage> {
  // The query as it came: a redirect's signature covers these very characters.
  return ctx.method === 'GET' ? parseRedirect(ctx.querystring) : parsePost(await readForm(ctx));
}

/**
 * The first identity provider of some metadata that has an endpoint of the wanted kind, by redirect if possible: it needs
 * no page of ours. `undefined` where none has one that a browser can be sent to.
 */
export function findEndpoint(
  entities: readonly SamlIdpEntity[],
  kind: 'singleSignOn' | 'singleLogout',
): { readonly entity: SamlIdpEntity; readonly endpoint: SamlEndpoint } | undefined {
  for (const entity of entities) {
    const usable = entity[kind].filter(({ location }) => isWebUrl(location));
    const endpoint = usable.find(({ binding }) => binding === 'redirect') ?? usable[0];
    if (endpoint !== undefined) return { entity, endpoint };
  }
  return undefined;
}

// Metadata is trusted to name keys and places, but not to run scripts on our pages.
function isWebUrl(location: string): boolean {
  return /^https?:$/.test(URL.parse(location)?.protocol ?? '');
}

type Sending = {
  readonly endpoint: Pick<SamlEndpoint, 'binding' | 'location'>;
  readonly purpose: 'sign-in' | 'sign-out';
  /** Absent: the message goes unsigned. */
  readonly signing?: SpKeys['signing'];
};

/** Sends the browser on with a message. */
export function sendMessage(
  { ctx, show }: Pick<PageExchange, 'ctx' | 'show'>,
  message: OutgoingMessage,
  { endpoint: { binding, location }, purpose, signing }: Sending,
): void {
  const algorithm = SIGNATURE_ALGORITHM;
  if (binding === 'redirect') {
    ctx.status = 302;
    const key = signing && { key: signing.privateKey, algorithm };
    ctx.set('Location', redirectUrl(location, message, key));
    ctx.set('Cache-Control', 'no-store');
    ctx.body = '';
    return;
  }
  const xml =
    signing === undefined
      ? message.xml
      : signXml(message.xml, { key: signing.privateKey, certificate: signing.certificate, algorithm });
  // Chromium and Safari apply form-action to the redirects after a form, too. A sign-in stays at the identity provider;
  // a sign-out goes on to every service that it knows, which nobody here can name.
  const formTargets = purpose === 'sign-in' ? [new URL(location).origin] : 'anywhere';
  show(
    'post-message',
    { action: location, fields: postFields({ ...message, xml }), purpose },
    { formTargets },
  );
}

/** An `xs:ID` with 160 random bits. @see SAML Core 1.3.4 */
export function createMessageId({ random }: Pick<SamlDeps, 'random'>): string {
  return `_${Buffer.from(random(20)).toString('hex')}`;
}

/** A proof, or its way to us, that is not taken; the reason is for the audit trail. */
export function refused(reason: string): FederationError {
  const text = 'The SAML message was refused';
  return new FederationError('invalid-identity-token', reason, { params: { text } });
}

/** The beginning of an event about this exchange. Whoever was signed in before has no part in it. */
export function draftOf({ facts, provider }: SamlExchange, eventName: string): AuditDraft {
  return pageDraft({ facts, session: undefined }, eventName, { principalArn: provider.arn });
}
